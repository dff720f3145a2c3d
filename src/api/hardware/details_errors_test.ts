/** Details of hardware of which there is nothing, and bodies that cannot be read (chapter 05, section 7). */
import { describe, expect, it } from "vitest";
import { boardServer, BODY, unix } from "../../../test/support/hardware_rows.ts";
import { type Row } from "../../../test/support/report_rows.ts";

const { ask, post, ids } = boardServer();

describe("nothing and errors", () => {
  const NO_TREES = { error: "This hardware isn't associated with any commit" };

  it("say that no commit ran on the hardware", async () => {
    for (const view of ["", "/summary", "/builds", "/boots", "/tests"]) {
      for (const [name, more] of [
        ["unknown", {}],
        ["BOARD", {}],
        ["board%00", {}],
        ["board", { origin: "" }],
        ["board", { startTimestampInSeconds: unix(0), endTimestampInSeconds: unix(48) }],
        ["unknown", { selectedCommits: { "0": "head" }, filter: { filter_architecture: "x" } }],
      ] as const)
        expect(await post(`${name}${view}`, more)).toEqual(NO_TREES);
    }
  });

  it("say that nothing ran inside the window, unless something is selected", async () => {
    const texts = {
      "": "Hardware not found",
      "/summary": "Hardware not found",
      "/builds": "No builds found for this hardware",
      "/boots": "No boots found for this hardware",
      "/tests": "No tests found for this hardware",
    };
    for (const [view, error] of Object.entries(texts)) {
      expect(await post(`only%20later${view}`)).toEqual({ error });
      expect(await post(`only%20later${view}`, { filter: { filter_architecture: "x" } })).toEqual({ error });
      expect(await post(`only%20later${view}`, { selectedCommits: { "0": "head" } })).not.toHaveProperty(
        "error",
      );
    }
    // There are tests, and no boots.
    expect(await post("a%2Fb+c/boots", { endTimestampInSeconds: unix(-9) })).toEqual({ boots: [] });
  });

  const INVALID_BODY = "Invalid body, request body must be a valid json string";
  const NO_TIMESTAMP = "startTimestampInSeconds and endTimestampInSeconds must be a Unix Timestamp";
  const { startTimestampInSeconds: _, ...withoutStart } = BODY;

  it.each([
    ["", INVALID_BODY],
    ["{", INVALID_BODY],
    ["[]", INVALID_BODY],
    ["null", INVALID_BODY],
    [{}, /startTimestampInSeconds.*endTimestampInSeconds.*selectedCommits/],
    [withoutStart, /^[^;]*startTimestampInSeconds[^;]*$/],
    [{ ...BODY, origin: null, selectedCommits: [] }, /origin.*selectedCommits/],
    [{ ...BODY, selectedCommits: { "0": null } }, /selectedCommits/],
    [{ ...BODY, filter: [] }, /'filter'/],
    [{ ...BODY, filter: "x" }, /'filter'/],
    [{ ...BODY, startTimestampInSeconds: "x", filter: { "filter_x_[bad]": "1" } }, NO_TIMESTAMP],
    [{ ...BODY, startTimestampInSeconds: "1.5" }, NO_TIMESTAMP],
    [{ ...BODY, endTimestampInSeconds: 1.5 }, NO_TIMESTAMP],
    [{ ...BODY, endTimestampInSeconds: "99999999999999999999" }, NO_TIMESTAMP],
    [{ ...BODY, startTimestampInSeconds: -99999999999 }, NO_TIMESTAMP],
    [
      { ...BODY, filter: { "filter_x_[bad]": [], "filter_y_[bad]": "1" } },
      /^Filter with invalid comparison operator `bad` found/,
    ],
    [{ ...BODY, filter: { "filter_test.issue": "x" } }, /^Invalid filter key or value.*filter_test\.issue/],
    [
      { ...BODY, filter: { filter_architecture: [null] } },
      /^Invalid filter key or value.*filter_architecture/,
    ],
    [{ ...BODY, filter: { filter_architecture: true } }, /^Invalid filter key or value.*filter_architecture/],
  ])("refuse %j on every view", async (body, error) => {
    for (const view of ["", "/summary", "/builds", "/boots", "/tests"]) {
      const { status, body: answer } = await ask(`unknown${view}`, body);
      expect([view, status, Object.keys(answer as Row)]).toEqual([view, 400, ["error"]]);
      const text = (answer as { error: string }).error;
      if (typeof error === "string") expect(text).toBe(error);
      else expect(text).toMatch(error);
    }
  });

  it("look at the query first, and at statuses in the summary alone", async () => {
    for (const kind of ["boots", "tests"]) {
      const { status, body } = await ask(`board/${kind}?full_environment_misc=2`, "");
      expect([status, (body as { error: string }).error]).toEqual([
        400,
        expect.stringContaining("full_environment_misc"),
      ]);
    }
    expect((await ask("board/builds?full_environment_misc=2", BODY)).status).toBe(200);
    const filter = { "filter_test.status": ["FAIL", "invalid"] };
    expect((await ask("board/summary", { ...BODY, filter })).status).toBe(400);
    expect(await ids("tests", { filter })).toEqual(
      await ids("tests", { filter: { "filter_test.status": "FAIL" } }),
    );
    expect(await ids("tests", { filter: { "filter_test.status": "invalid" } })).toEqual([]);
  });

  it("do not come from forms of times and filters that clients send", async () => {
    const tests = await ids("tests");
    const [start, end] = [BODY.startTimestampInSeconds, BODY.endTimestampInSeconds];
    for (const more of [
      { startTimestampInSeconds: ` +${start} `, endTimestampInSeconds: String(end) },
      { startTimestampInSeconds: String(start).replace(/(\d{3})$/, "_$1") },
      { filter: {}, more: 1 },
      { filter: { trees: ["x"], filter_trees: ["0"], filter_origin: "x", filter_valid: [1] } },
    ])
      expect(await ids("tests", more)).toEqual(tests);
    expect((await ask("board/tests", { ...BODY, startTimestampInSeconds: true })).status).toBe(200);
    expect(
      await ids("tests", {
        filter: { "filter_test.duration": 1e21, "filter_test.duration_[lte]": ["5", 7.5] },
      }),
    ).toEqual([]);
  });
});
