/** Builds of the demonstration data. */
import type { Commit } from "./commits.ts";
import type { Dice } from "./dice.ts";
import { buildExcerpt } from "./excerpts.ts";
import { MINUTE, dateTime, seconds, type BuildObject, type Misc } from "./objects.ts";
import { buildOutcome, type Outcome, type Situation } from "./outcomes.ts";
import type { Stream } from "./streams.ts";
import { VARIANTS, type Variant, type VariantName } from "./variants.ts";

export interface Build {
  name: string;
  id: string;
  variant: Variant | undefined;
  outcome: Outcome;
  /** It was started, and nothing was heard of it again. */
  isLost: boolean;
  startedAt: number;
  endedAt: number;
  /** As it is sent when it starts. */
  started: BuildObject;
  /** As it is sent when it ended. */
  ended: BuildObject;
}

/** How many builds never end, the newest commits' aside. */
const LOST = 0.012;
const UNEXPLAINED =
  "drivers/iio/adc/ti-ads1119.c:214:6: error: variable 'scale' is used uninitialized [-Werror,-Wsometimes-uninitialized]\n" +
  "make[5]: *** [scripts/Makefile.build:287: drivers/iio/adc/ti-ads1119.o] Error 1";

/** A build of a commit. */
export function makeBuild(
  situation: Situation,
  stream: Stream,
  commit: Commit,
  checkoutId: string,
  variantName: VariantName,
): Build {
  const { dice } = situation;
  const variant = VARIANTS[variantName];
  const name = `${stream.name} ${commit.key} ${variantName}`;
  const id = buildId(dice, stream.origin, commit, variant, name);
  const startedAt = commit.at + dice.between(1, 7, `build start ${name}`) * MINUTE;
  const duration = variant.minutes * dice.between(0.8, 1.5, `build time ${name}`) * MINUTE;
  const outcome = buildOutcome(situation, variantName, name);
  const files = storage(stream.origin, id, variant);
  const started: BuildObject = {
    id,
    checkout_id: checkoutId,
    origin: stream.origin,
    comment: commit.name,
    start_time: dateTime(startedAt),
    architecture: variant.architecture,
    compiler: variant.compiler,
    config_name: variant.config,
    misc: buildMisc(stream.origin, id, variant),
  };
  const failed = outcome.status !== "PASS";
  const ended: BuildObject = {
    ...started,
    duration: seconds(duration),
    command: `make ARCH=${variant.architecture} -j32 ${variant.kernelType} modules`,
    config_url: `${files}/config/kernel.config`,
    log_url: `${files}/build.log.gz`,
    log_excerpt: failed
      ? buildExcerpt(outcome.defect?.log ?? outcome.errorMessage ?? UNEXPLAINED)
      : undefined,
    output_files: failed
      ? [{ name: "build_log", url: `${files}/build.log.gz` }]
      : [
          { name: "kernel", url: `${files}/kernel/${variant.kernelType}` },
          { name: "modules", url: `${files}/modules.tar.xz` },
          { name: "metadata", url: `${files}/metadata.json` },
        ],
    status: outcome.status,
  };
  const isLost = commit.ordinal > 0 && dice.chance(LOST, `lost ${name}`);
  return { name, id, variant, outcome, isLost, startedAt, endedAt: startedAt + duration, started, ended };
}

/** The build that tests of somebody else's kernel hang on. */
export function dummyBuild(dice: Dice, stream: Stream, commit: Commit, checkoutId: string): Build {
  const name = `${stream.name} ${commit.key} dummy`;
  const id = `maestro:dummy_${dice.hex(24, `build ${name}`)}_arm64`;
  const object: BuildObject = {
    id,
    checkout_id: checkoutId,
    origin: "maestro",
    comment: "Dummy build for tests hanging from checkout",
    start_time: dateTime(commit.at),
    architecture: "arm64",
  };
  return {
    name,
    id,
    variant: undefined,
    outcome: { status: "PASS" },
    isLost: false,
    startedAt: commit.at,
    endedAt: commit.at + MINUTE,
    started: object,
    ended: object,
  };
}

function buildId(dice: Dice, origin: string, commit: Commit, variant: Variant, name: string): string {
  switch (origin) {
    case "redhat":
      return `redhat:${pipelineNumber(dice, commit)}-${variant.architecture}-kernel`;
    case "linaro":
      return `linaro:${dice.alphanumeric(27, `build ${name}`)}`;
    case "microsoft":
      return `microsoft:${dateTime(commit.at).replace(/\D/g, "")}000`;
    case "broonie":
      return `broonie:${commit.hash}-${variant.architecture}-${variant.config.split("+")[0]}-${variant.compiler}`;
    default:
      return `${origin}:${dice.hex(24, `build ${name}`)}`;
  }
}

/** The number of the pipeline that Red Hat's builds and tests of a commit are made by. */
export function pipelineNumber(dice: Dice, commit: Commit): string {
  return String(2_100_000_000 + Math.floor(dice.roll(`pipeline ${commit.key}`) * 90_000_000));
}

/** Where an origin keeps what a build or a job leaves. */
function storage(origin: string, id: string, variant: Variant): string {
  const local = id.slice(id.indexOf(":") + 1);
  switch (origin) {
    case "linaro":
      return `https://storage.tuxsuite.com/public/linaro/lkft/builds/${local}`;
    case "redhat":
      return `https://s3.example.org/cki-artifacts/${local}`;
    case "microsoft":
      return `https://lisa-logs.example.org/${local}`;
    default: {
      const compiler = variant.compiler.replace(/[^a-z0-9.]+/gi, "-");
      return `https://files.kernelci.org/kbuild-${compiler}-${variant.architecture}-${local}`;
    }
  }
}

function buildMisc(origin: string, id: string, variant: Variant): Misc | undefined {
  if (origin === "maestro") {
    return {
      platform: "kubernetes",
      runtime: "k8s-all",
      lab: "k8s-all",
      kernel_type: variant.kernelType,
      maestro_viewer: `https://api.kernelci.org/viewer?node_id=${id.slice("maestro:".length)}`,
    };
  }
  if (origin === "redhat") return { package_name: "kernel", debug: false, scratch: false };
  return undefined;
}
