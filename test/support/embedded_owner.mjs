// Starts the embedded server of the directory in its argument with the built program, tells its parent how to connect,
// and holds it until it is killed.
import { pino } from "pino";
import { startEmbeddedServer } from "../../dist/server/database/embedded.js";

const server = await startEmbeddedServer({ dataDir: process.argv[2], log: pino({ level: "silent" }) });
process.send(server.connection);
setInterval(() => undefined, 60_000);
