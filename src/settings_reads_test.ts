import { describe, expect, it } from "vitest";
import { loadSettings, type ReadSettings } from "./settings.ts";

const load = (environment: Record<string, string>): ReadSettings =>
  loadSettings({ DB_HOST: "db", ...environment }).settings.reads;

describe("settings of replicas and PgBouncer", () => {
  it("takes URLs as a list in either form, with defaults from DB_*", () => {
    const plain = { port: 5432, isPooler: false, prepares: false };
    const expected = [
      { ...plain, host: "one" },
      {
        host: "::1",
        port: 6432,
        name: "d b",
        user: "u",
        password: "p,@",
        sslMode: "require",
        isPooler: true,
        prepares: true,
      },
    ];
    const second = "postgresql://u:p%2C%40@[::1]:6432/d%20b?sslmode=require&pooler=true&prepared=true";
    for (const urls of [`postgres://one, ${second}`, JSON.stringify(["postgres://one", second])])
      expect(load({ DB_REPLICA_URLS: urls }).replicas).toEqual(expected);
    expect(load({ DB_POOLER_URL: "postgres://bouncer:6432/x" }).pooler).toEqual({
      ...plain,
      host: "bouncer",
      port: 6432,
      name: "x",
      isPooler: true,
    });
    expect(load({ DB_REPLICA_URLS: "", DB_POOLER_URL: "" })).toMatchObject({
      replicas: [],
      pooler: undefined,
    });
  });

  it("says what is wrong with a URL without repeating it", () => {
    for (const [urls, problem] of [
      ["http://u:secret@h", "URL 1 is not of the form postgres://"],
      ["postgres://h,", "URL 2 is not of the form"],
      ["postgres:///secret", "names no host"],
      ["postgres://h:0", "has the port 0"],
      ["postgres://h/a/b", "more than one '/'"],
      ["postgres://u:%zzsecret@h", "a '%' in its password"],
      ["postgres://h?secret=1", "unknown parameter"],
      ["postgres://h?sslmode=secret", "an sslmode that is none of"],
      ["postgres://h?pooler=secret", "neither true nor false"],
      ["postgres://u:secret@h#x", "has a '#'"],
      ["postgres://h,postgres://u:secret@h", "URL 2 names the same server"],
      ["[1]", "must be a JSON list of strings"],
      ["[", "is not valid JSON"],
      [Array.from({ length: 17 }, (_, n) => `postgres://h${n}`).join(","), "more than 16 replicas"],
    ] as const) {
      const loading = (): unknown => load({ DB_REPLICA_URLS: urls });
      expect(loading).toThrow(problem);
      expect(loading).not.toThrow("secret");
    }
    expect(() => loadSettings({ DB_REPLICA_URLS: "postgres://h" })).toThrow("needs an external database");
    expect(() => load({ DB_REPLICA_MAX_LAG_MS: "150" })).toThrow("below twice DB_REPLICA_CHECK_INTERVAL_MS");
    const { sources } = loadSettings({ DB_HOST: "h", DB_REPLICA_URLS: "postgres://u:hunter2@h" });
    expect(JSON.stringify(sources)).not.toContain("hunter2");
  });
});
