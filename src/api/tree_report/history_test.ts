import { describe, expect, it } from "vitest";
import { testDatabase } from "../../../test/support/database.ts";
import { STATUSES } from "../shapes.ts";
import { classifyHistory } from "../test/regression.ts";
import { regressionType } from "./history.ts";

describe("regressionType", () => {
  it("agrees with classifyHistory", async () => {
    const database = await testDatabase();
    let longest: string[][] = [[]];
    const all: string[][] = [];
    for (let length = 1; length <= 4; length += 1) {
      longest = longest.flatMap((statuses) => STATUSES.map((status) => [...statuses, status]));
      all.push(...longest);
    }
    const rows = await database.rows(
      `select ${regressionType("statuses")} as type
      from json_array_elements($1) with ordinality series (list, place)
      cross join lateral (select array(select json_array_elements_text(list)) as statuses) s
      order by place`,
      [JSON.stringify(all)],
    );
    expect(rows.map(({ type }) => type)).toEqual(all.map((statuses) => classifyHistory(statuses)));
    expect(new Set(rows.map(({ type }) => type)).size).toBe(5);
  });
});
