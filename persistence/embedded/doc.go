// SPDX-License-Identifier: AGPL-3.0-or-later

// Package embedded keeps a local PostgreSQL that belongs to the program, so
// that `hora serve` with nothing configured has a real, durable database. A
// time bank in a neighbourhood house has no database administrator; whoever has
// one sets HORA_DATABASE_URL and this package is not used.
//
// # What it guarantees
//
//   - Nothing is ever wiped. A folder that is not a PostgreSQL data folder, one
//     of another major version, or one in use by another program is refused,
//     untouched, with the way out in the error. A new data folder is made beside
//     its place and renamed into it, so an interruption leaves no half of one.
//   - What is committed is kept: fsync and synchronous_commit are on, whatever
//     the folder's postgresql.conf says. Only Options.Throwaway, for tests and
//     the demonstration, turns them off.
//   - Nobody else gets in. There is no TCP port; the Unix socket lies in a folder
//     that only its owner may enter, and that is why the server may trust whoever
//     reaches it. The server inherits none of the program's environment, where
//     secrets live, and logs neither statements nor the rows in question.
//   - The server ends with the program, by Stop or when the program dies in any
//     other way, kill -9 included. (On Windows a killed program leaves it
//     running.) Whatever is left behind nevertheless, a server still running or
//     the lock files of a dead one, the next Start clears away.
//   - One program at a time: hora.lock in the data folder is held until Stop.
//
// PostgreSQL refuses to run as root. A program run as root hands the data folder
// and the process to the owner of an existing data folder, else to the user
// `postgres`, else to `nobody`.
//
// # Where the programs of PostgreSQL come from
//
// From Options.BinDir, else PATH, else the usual places of each system, else
// an earlier download; version 15 or newer, and for an existing data folder the
// same major version as the one that made it. If there are none at all, a
// build is fetched once into the user's cache folder.
//
// # In the data folder
//
//	hora.lock       held while the program runs
//	postgres/       PostgreSQL's own data folder
//	postgres.log    what the server has to say, and postgres.log.1 before it
//	socket/         while the server runs; a short folder under the temporary one
//	                where the path of this one will not do for a socket
package embedded
