// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
	"github.com/hora-coop/hora/internal/i18n"
)

type allocationCmd struct {
	Verify   verifyAllocationCmd `cmd:"" help:"Count the exported record of a cycle again; exit 1 when the result differs."`
	Count    countAllocationCmd  `cmd:"" help:"Count a vote in the format of pabulib.org by equal shares."`
	Payments paymentsCmd         `cmd:"" help:"Print what each voter's share gave to each project, as exact fractions of minutes."`
	Export   exportAllocationCmd `cmd:"" help:"Print the exported record of a cycle in the format of pabulib.org, for other programs to count."`
}

type paymentsCmd struct {
	File *os.File `arg:"" help:"The record that the cycle published."`
}

// Run writes what each share gave.
func (c *paymentsCmd) Run(context.Context) error {
	record, err := allocation.ReadRecord(c.File)
	if err == nil {
		err = record.Verify()
	}
	if err != nil {
		return plainly(err)
	}
	return allocation.WritePayments(os.Stdout, allocation.Payments(record.Instance, record.Result))
}

type exportAllocationCmd struct {
	File *os.File `arg:"" help:"The record that the cycle published."`
}

// Run writes the vote for others.
func (c *exportAllocationCmd) Run(context.Context) error {
	record, err := allocation.ReadRecord(c.File)
	if err == nil {
		err = allocation.WritePabulib(os.Stdout, record.Instance, record.Result)
	}
	return plainly(err)
}

type verifyAllocationCmd struct {
	File *os.File `arg:"" help:"The record that the cycle published."`
}

// Run counts the record again.
func (c *verifyAllocationCmd) Run(context.Context) error {
	record, err := allocation.ReadRecord(c.File)
	if err == nil {
		err = record.Verify()
	}
	if err != nil {
		return plainly(err)
	}
	in := record.Instance
	fmt.Printf("The same, to the minute: %s, %d of %d minutes to %d projects by %d ballots; input %s\n",
		in.Method, record.Result.Spent, in.Envelope, len(in.Projects), len(in.Ballots), record.Result.InputHash)
	return nil
}

type countAllocationCmd struct {
	File    *os.File           `arg:"" help:"A .pb file; one unit of money is taken for one minute, and points are whole, from 0 to 5."`
	Utility allocation.Utility `default:"PER_MINUTE" enum:"PER_MINUTE,PER_PROJECT" help:"What a voter gains from a funded project: ${enum}."`
	Record  bool               `help:"Print the record, for others to count again, instead of a table."`
}

// Run counts a stranger's vote.
func (c *countAllocationCmd) Run(context.Context) error {
	in, err := allocation.ReadPabulib(c.File)
	if err != nil {
		return plainly(err)
	}
	in.Version, in.Rule.Utility = allocation.Version, c.Utility
	result, err := allocation.Run(in)
	if err != nil {
		return plainly(err)
	}
	if c.Record {
		return json.NewEncoder(os.Stdout).Encode(allocation.Record{Instance: in, Result: result})
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "place\tproject\tminutes\tcause\tvoters\tsupport\tminutes per point")
	for _, line := range result.Lines {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%d\t%d\t%s\n", line.Place, line.Project, line.Minutes, line.Cause, line.Voters, line.Support, line.PerPoint)
	}
	_, _ = fmt.Fprintf(w, "\t\t%d\tof %d, %d left\n", result.Spent, in.Envelope, result.Left)
	return w.Flush()
}

// plainly says an error of the domain as people read it.
func plainly(err error) error {
	if err == nil {
		return nil
	}
	problems, ok := domain.Problems(err)
	if !ok {
		return err
	}
	var all []error
	for _, p := range problems {
		all = append(all, fmt.Errorf("%s: %s", p.Error(), i18n.Error(i18n.English, p)))
	}
	return errors.Join(all...)
}
