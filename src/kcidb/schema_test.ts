import { Ajv } from "ajv";
import { expect, it } from "vitest";
import { isKnownVersion, kindsOf, objectSchemas } from "./schema.ts";

/** Of which a validator is only compiled, to start sooner. */
it("has valid schemas in all versions, with excerpts of any length and without", () => {
  const ajv = new Ajv();
  const problems: unknown[] = [];
  let schemas = 0;
  for (const major of [4, 5]) {
    for (let minor = 0; isKnownVersion({ major, minor }); minor++) {
      for (const longExcerpts of [false, true]) {
        for (const kind of kindsOf({ major, minor })) {
          const schema = objectSchemas({ major, minor }, longExcerpts)[kind];
          schemas++;
          if (ajv.validateSchema(schema) !== true) problems.push([major, minor, kind, ajv.errors]);
        }
      }
    }
  }
  expect(problems).toEqual([]);
  expect(schemas).toBe(2 * (3 + 5 * 5 + 4 * 5));
});
