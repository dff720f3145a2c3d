import { expect, it } from "vitest";
import { webProcesses } from "./serve.ts";

it("has as many web processes as it is told, else one for each core that ingestion leaves", () => {
  const asked = [1, 2, 64].map((workers) => webProcesses(workers, 2, true));
  expect(asked).toEqual([undefined, 2, 64]);
  const cores = [1, 2, 3, 4, 5, 64];
  expect(cores.map((count) => webProcesses(0, count, true))).toEqual([undefined, 1, 2, 3, 4, 4]);
  expect(cores.map((count) => webProcesses(0, count, false))).toEqual([undefined, 2, 3, 4, 4, 4]);
});
