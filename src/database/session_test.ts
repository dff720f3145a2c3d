import { pino } from "pino";
import { expect, it } from "vitest";
import { testDatabase } from "../../test/support/database.ts";
import { Session } from "./session.ts";

it("makes one connection for all who want to work, also when it was lost", async () => {
  const { connection, pool } = await testDatabase();
  let lost = 0;
  const session: Session = new Session({
    connection,
    name: "kernelboard session test",
    log: pino({ level: "silent" }),
    // A second connection would wait for the first one for ever.
    prepare: async (client) => {
      await client.query("select pg_advisory_lock(1)");
    },
    onLost: () => {
      lost++;
      void backend();
    },
  });
  const backend = (): Promise<unknown> =>
    session.run(
      async (client) => (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid,
    );
  const [first, same] = await Promise.all([backend(), backend()]);
  expect(same).toBe(first);
  await pool.query("select pg_terminate_backend($1)", [first]);
  while (lost === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const [second, again] = await Promise.all([backend(), backend()]);
  expect(second).not.toBe(first);
  expect(again).toBe(second);
  await session.close();
  const sessions =
    "select count(*)::integer as count from pg_stat_activity where application_name = $1 and pid = any($2)";
  while (
    (await pool.query<{ count: number }>(sessions, ["kernelboard session test", [first, second]])).rows[0]
      ?.count !== 0
  )
    await new Promise((resolve) => setTimeout(resolve, 5));
});
