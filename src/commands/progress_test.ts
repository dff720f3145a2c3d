import { describe, expect, it } from "vitest";
import { progressText } from "./progress.ts";

const progress = { filesDone: 120, filesFailed: 0, filesWaiting: 380, objects: 82_000, startedAt: 0 };

describe("progressText", () => {
  it("tells files, objects per second and the time left", () => {
    expect(progressText(progress, 10_000)).toBe("120/500 files, 8,200 objects/s, 0:32 left");
    expect(progressText({ ...progress, filesFailed: 3, filesWaiting: 3800 }, 10_000)).toBe(
      "120/3920 files, 3 failed, 8,200 objects/s, 5:17 left",
    );
  });

  it("makes sense before anything is done", () => {
    expect(progressText({ ...progress, filesDone: 0, objects: 0 }, 0)).toBe(
      "0/380 files, 0 objects/s, 0:00 left",
    );
  });
});
