import fastify, { type FastifySchema } from "fastify";
import { Type } from "typebox";
import { expect, it } from "vitest";
import { sendJson } from "../src/http/answers.ts";
import { foundOrNot, NullableString } from "../src/api/shapes.ts";
import { enforceContract, takeProblems } from "./support/contract.ts";

it("finds answers that are not as their routes declare", async () => {
  const app = fastify();
  app.setSerializerCompiler(() => JSON.stringify);
  const Thing = Type.Object({ id: Type.String(), more: Type.Record(Type.String(), NullableString) });
  let status = 200;
  let answer: unknown;
  const schema: FastifySchema = { response: { 200: foundOrNot(Thing) } };
  app.get("/", { schema }, (_request, reply) => sendJson(reply.code(status), answer));
  enforceContract(app);
  const problemsOf = async (value: unknown, code = 200): Promise<string[]> => {
    [answer, status] = [value, code];
    await app.inject("/");
    return takeProblems();
  };
  expect(await problemsOf({ id: "a", more: { b: null, "c\nd": "e" } })).toEqual([]);
  expect(await problemsOf({ error: "nothing" })).toEqual([]);
  expect(await problemsOf({ id: "a" })).toEqual([expect.stringContaining("required property 'more'")]);
  expect(await problemsOf({ id: "a", more: {}, most: 1 })).toEqual([
    expect.stringContaining('"additionalProperty":"most"'),
  ]);
  expect(await problemsOf({ id: "a", more: { "c\nd": 1 } })).toEqual([
    expect.stringContaining("at /more/c\nd: must be string"),
  ]);
  expect(await problemsOf({ error: "broken" }, 500)).toEqual([
    "GET /: 500, which the route does not declare",
  ]);
});
