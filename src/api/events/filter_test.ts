import { describe, expect, it } from "vitest";
import { select, type EventFilter, type Selection } from "./filter.ts";

const tree = (origin: string, tree_name: string | null): object => ({ origin, tree_name });
const board = (origin: string, platform: string | null, compatibles: string[] | null): object => ({
  origin,
  platform,
  compatibles,
});
const MAINLINE = tree("a", "mainline");
const NEXT = tree("b", "next");
const NAMELESS = tree("a", null);
const BOARD = board("a", "board", ["v,board", "v,chip"]);
const BARE = board("b", null, ["v,chip"]);
const UNKNOWN = board("b", "qemu", null);
const ISSUE = { id: "a:i", version: 1 };
const ALL = { all: true };
const CHANGE = { trees: [MAINLINE, NEXT, NAMELESS], hardware: [BOARD, BARE, UNKNOWN], issues: [ISSUE] };

function filter(names: Partial<Record<keyof EventFilter, string[]>>): EventFilter {
  const { trees = [], hardware = [], origins = [] } = names;
  return { trees: new Set(trees), hardware: new Set(hardware), origins: new Set(origins) };
}

function selected(change: object, names: Partial<Record<keyof EventFilter, string[]>>): unknown {
  return select(change as Selection, filter(names));
}

describe("a filter of changes", () => {
  it("lets everything through when it names nothing", () => {
    expect(selected(CHANGE, {})).toEqual(CHANGE);
  });

  it("with trees lets these through alone", () => {
    expect(selected(CHANGE, { trees: ["next", "other"] })).toEqual({
      trees: [NEXT],
      hardware: [],
      issues: [],
    });
    expect(selected(CHANGE, { trees: ["other"] })).toBeUndefined();
  });

  it("with hardware lets platforms and compatibles of these names through alone", () => {
    const hardware = (names: string[]): unknown => selected(CHANGE, { hardware: names });
    expect(hardware(["board"])).toEqual({ trees: [], hardware: [BOARD], issues: [] });
    expect(hardware(["v,chip"])).toEqual({ trees: [], hardware: [BOARD, BARE], issues: [] });
    expect(hardware(["qemu", "v,board"])).toEqual({ trees: [], hardware: [BOARD, UNKNOWN], issues: [] });
    expect(hardware(["mainline"])).toBeUndefined();
  });

  it("with both lets both through", () => {
    const names = { trees: ["mainline"], hardware: ["qemu"] };
    expect(selected(CHANGE, names)).toEqual({ trees: [MAINLINE], hardware: [UNKNOWN], issues: [] });
    expect(selected({ ...CHANGE, hardware: [] }, names)).toEqual({
      trees: [MAINLINE],
      hardware: [],
      issues: [],
    });
  });

  it("with origins narrows what has one", () => {
    expect(selected(CHANGE, { origins: ["b"] })).toEqual({
      trees: [NEXT],
      hardware: [BARE, UNKNOWN],
      issues: [ISSUE],
    });
    expect(selected(CHANGE, { origins: ["b"], trees: ["mainline"] })).toBeUndefined();
    expect(selected({ ...CHANGE, issues: [] }, { origins: ["c"] })).toBeUndefined();
  });

  it("takes a list of everything for one that has what is asked for", () => {
    const change = { trees: ALL, hardware: [], issues: ALL };
    expect(selected(change, { trees: ["other"], origins: ["c"] })).toEqual({
      trees: ALL,
      hardware: [],
      issues: [],
    });
    expect(selected(change, { hardware: ["board"] })).toBeUndefined();
    expect(selected(change, { origins: ["c"] })).toEqual(change);
  });
});
