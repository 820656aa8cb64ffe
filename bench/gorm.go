// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/hora-coop/hora/domain"
)

// What one writes with GORM and no function in the database: lock both accounts,
// update each, create the transfer and its entries. It keeps no journal, knows no
// key, checks no limit.
type (
	gormAccount struct {
		CommunityID domain.ID `gorm:"primaryKey"`
		ID          domain.ID `gorm:"primaryKey"`
		Balance     int64
		Seq         int64
	}
	gormTransfer struct {
		CommunityID, ID, PostingID domain.ID
		Kind                       string
		Minutes                    int64
		DebitID, CreditID          domain.ID
		At                         time.Time
	}
	gormEntry struct {
		CommunityID, AccountID domain.ID
		Seq                    int64
		TransferID             domain.ID
		Minutes, BalanceAfter  int64
		At                     time.Time
	}
)

func (gormAccount) TableName() string  { return "bench.account" }
func (gormTransfer) TableName() string { return "bench.transfer" }
func (gormEntry) TableName() string    { return "bench.entry" }

// openGORM opens it as the program does.
func (a *arena) openGORM() (err error) {
	a.gorm, err = gorm.Open(postgres.New(postgres.Config{Conn: stdlib.OpenDBFromPool(a.root)}), &gorm.Config{
		SkipDefaultTransaction: true, DisableAutomaticPing: true, Logger: logger.Discard,
	})
	return err
}

func (a *arena) gormPost(ctx context.Context, _ int) error {
	t := elsewhere(a.towns)
	one, other := t.pair()
	return a.gorm.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var both []gormAccount // always in the same order, or they deadlock
		err := tx.Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Order("id").
			Find(&both, "community_id = ? AND id IN ?", t.id, []domain.ID{t.accounts[one], t.accounts[other]}).Error
		if err != nil {
			return err
		}
		moved := gormTransfer{t.id, domain.NewID(), domain.NewID(), "GIFT", 15, both[0].ID, both[1].ID, time.Now()}
		entries := make([]gormEntry, len(both))
		for i, minutes := range []int64{-moved.Minutes, moved.Minutes} {
			at := &both[i]
			at.Balance, at.Seq = at.Balance+minutes, at.Seq+1
			if err := tx.Model(at).Select("balance", "seq").Updates(at).Error; err != nil {
				return err
			}
			entries[i] = gormEntry{t.id, at.ID, at.Seq, moved.ID, minutes, at.Balance, moved.At}
		}
		if err := tx.Create(&moved).Error; err != nil {
			return err
		}
		return tx.Create(&entries).Error
	})
}
