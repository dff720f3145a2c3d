import { describe, expect, it } from "vitest";
import { raw, sql } from "./sql.ts";

describe("sql", () => {
  it("binds values, places fragments, and numbers the values of placed parts on", () => {
    const inner = sql`a = ${1} and b = any(${["x", "y"]})`;
    const { text, values } =
      sql`select ${raw("*")} from t where c = ${"z"} and (${inner}) or (${inner}) limit ${5}`;
    expect(text).toBe(
      "select * from t where c = $1 and (a = $2 and b = any($3)) or (a = $4 and b = any($5)) limit $6",
    );
    expect(values).toEqual(["z", 1, ["x", "y"], 1, ["x", "y"], 5]);
  });

  it("keeps what PostgreSQL cannot hold from equalling anything", () => {
    expect(sql`${"a\0b"} ${["a", "\0"]}`.values).toEqual([null, ["a"]]);
  });
});
