// SPDX-License-Identifier: AGPL-3.0-or-later

// Serves the tables that a feed is made of with PostGraphile, in this one process,
// until its standard input ends: whoever started it is gone then.
//
//   PORT          on loopback
//   DATABASE_URL  as the program gets it
//   CONNECTIONS   how many the pool may have, as many as the program's

import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

import manifest from "./package.json" with { type: "json" };

const { PORT, DATABASE_URL, CONNECTIONS } = process.env;

// A table is ordered and filtered by any column, as the feed's index is by its third.
const postgres = makePgService({
  connectionString: DATABASE_URL,
  schemas: ["public"],
  pubsub: false,
  // The role is taken once for each connection, as the program does it; in pgSettings
  // it would be taken with every request.
  poolConfig: { max: Number(CONNECTIONS), options: "-c role=hora_server -c timezone=UTC" },
  // The policies show this community's rows and no others.
  pgSettings: ({ node }) => ({ "hora.community": node.req.headers["hora-community"] }),
});

const serv = postgraphile({
  extends: [PostGraphileAmberPreset],
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [postgres],
  grafserv: { graphqlPath: "/graphql", graphiql: false, graphiqlOnGraphQLGET: false, watch: false, websockets: false, outputDataAsString: true },
  grafast: { explain: false },
}).createServ(grafserv);

const server = createServer();
await serv.addTo(server);
await serv.ready();
server.listen(Number(PORT), "127.0.0.1", () => console.log(`PostGraphile ${manifest.dependencies.postgraphile}, node ${process.versions.node} listens on http://127.0.0.1:${server.address().port}/graphql`));
process.stdin.resume().on("end", () => process.exit());
