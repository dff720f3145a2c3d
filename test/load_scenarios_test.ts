/** The scenarios of the load test, once each, and the judgement of samples that it rests on. */
import { beforeAll, describe, expect, it } from "vitest";
import { atEndOfFile } from "./support/cleanup.ts";
import { commit } from "./support/cache.ts";
import { testDatabase } from "./support/database.ts";
import { testServer, type TestServer } from "./support/server.ts";
import { Clients, Records } from "./load/clients.mjs";
import { discover, SCENARIOS } from "./load/scenarios.mjs";
import { judge } from "./load/staleness.mjs";
