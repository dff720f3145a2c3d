import { describe, expect, it } from "vitest";
import { PrimaryPositions } from "./primary_positions.ts";

describe("PrimaryPositions", () => {
  it("takes what the primary had a while ago for enough, and an idle primary for no distance", () => {
    const positions = new PrimaryPositions(500);
    expect(positions.isEnough(100n, 0)).toBe(false);
    for (let at = 0; at <= 1000; at += 100) positions.add(100n, at);
    expect(positions.isEnough(100n, 1050)).toBe(true);
    for (let at = 1100; at <= 1500; at += 100) positions.add(200n, at);
    expect(positions.isEnough(100n, 1500)).toBe(true);
    expect(positions.isEnough(100n, 1501)).toBe(false);
    expect(positions.isEnough(99n, 1500)).toBe(false);
    expect(positions.isEnough(200n, 1501)).toBe(true);
  });

  it("takes nothing for enough when the primary was not asked for too long", () => {
    const positions = new PrimaryPositions(500);
    positions.add(100n, 0);
    expect(positions.isEnough(100n, 500)).toBe(true);
    expect(positions.isEnough(100n, 501)).toBe(false);
    expect(positions.hasAllKnown(100n)).toBe(true);
  });

  it("meets a demand with a position that was asked for after it", () => {
    const positions = new PrimaryPositions(500);
    positions.add(100n, 0);
    positions.demandNewest(10);
    expect(positions.add(150n, 9)).toBe(false);
    expect(positions.isEnough(1000n, 11)).toBe(false);
    expect(positions.add(150n, 11)).toBe(true);
    expect(positions.isEnough(149n, 12)).toBe(false);
    expect(positions.isEnough(150n, 12)).toBe(true);
  });

  it("forgets how far a primary was that is another one now", () => {
    const positions = new PrimaryPositions(500);
    positions.add(1000n, 0);
    positions.reset(100);
    positions.add(500n, 2000);
    expect(positions.isEnough(500n, 2000)).toBe(true);
  });
});
