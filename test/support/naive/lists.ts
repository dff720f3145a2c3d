/** Items from the unfiltered lists of the API, with what lists lack taken from the tables. */
import {
  buildItem,
  failReasonOf,
  groupedBy,
  objectOf,
  orUnknown,
  testItem,
  textMember,
  type Item,
  type Status,
} from "./items.ts";
import type { Tables } from "./tables.ts";

interface ListItem {
  id: string;
  origin: string;
  status: Status;
  architecture: string;
  compiler: string;
  duration: number | null;
  start_time: string | null;
}

export interface ListBuild extends ListItem {
  config_name: string;
  misc: unknown;
}

export interface ListTest extends ListItem {
  config: string;
  path: string | null;
  environment_compatible: string[] | null;
  environment_misc: { platform: string };
  lab: string;
}

export interface Lists {
  builds: ListBuild[];
  boots: ListTest[];
  tests: ListTest[];
}

/**
 * Builds, boots and tests in the order of their lists.
 *
 * @param through whether builds are there only through these tests, as on hardware
 */
export function itemsOfLists(lists: Lists, tables: Tables, through: boolean): Item[] {
  const boots = lists.boots.map((test) => testOfList(test, tables));
  const tests = lists.tests.map((test) => testOfList(test, tables));
  const byBuild = groupedBy([...boots, ...tests], ({ buildId }) => buildId);
  const builds = lists.builds.map((build) => {
    const misc = objectOf(build.misc);
    const values = {
      ...build,
      config: build.config_name,
      platform: textMember(misc, "platform"),
      lab: textMember(misc, "lab"),
      hasMisc: misc !== null,
      known: tables.knownOfBuild.get(build.id) ?? [],
      startTime: build.start_time,
    };
    return buildItem(values, byBuild.get(build.id) ?? [], through);
  });
  return [...builds, ...boots, ...tests];
}

function testOfList(test: ListTest, tables: Tables): Item {
  const row = tables.tests.get(test.id);
  return testItem({
    ...test,
    buildId: row?.build_id ?? "",
    platform: orUnknown(test.environment_misc.platform),
    known: tables.knownOfTest.get(test.id) ?? [],
    startTime: test.start_time,
    storedPath: test.path,
    storedCompatibles: test.environment_compatible,
    failReason: failReasonOf(row?.misc ?? null),
  });
}
