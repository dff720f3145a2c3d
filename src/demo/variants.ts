/** How the demonstration data's kernels are built: architecture, compiler, configuration, and what boots them. */
import type { PlatformKind } from "./platforms.ts";

export interface Variant {
  architecture: string;
  compiler: string;
  config: string;
  kernelType: string;
  /** Minutes that a build takes. */
  minutes: number;
  /** The platforms that run it, if they are of its architecture. */
  boots: readonly PlatformKind[];
}

function variant(
  [architecture, compiler, config, kernelType]: readonly [string, string, string, string],
  minutes: number,
  ...boots: PlatformKind[]
): Variant {
  return { architecture, compiler, config, kernelType, minutes, boots };
}

const NO_MODULE_COMPRESSION = "CONFIG_MODULE_COMPRESS=n+CONFIG_MODULE_COMPRESS_NONE=y";
const CHROMEBOOK_CONFIG = `defconfig+lab-setup+arm64-chromebook+${NO_MODULE_COMPRESSION}`;
const CROS_CONFIG = "cros://chromeos-6.6/x86_64/chromeos-intel-pineview.flavour.config+lab-setup+x86-board";
const RED_HAT_GCC = "gcc version 15.2.1 20260123 (Red Hat 15.2.1-7)";
const UBUNTU_GCC = "gcc (Ubuntu 13.3.0-6ubuntu2~24.04) 13.3.0";

const VARIANT_LIST = {
  arm64: variant(["arm64", "gcc-14", "defconfig+lab-setup+kselftest", "image"], 11, "board", "qemu"),
  arm64Chromebook: variant(["arm64", "gcc-14", CHROMEBOOK_CONFIG, "image"], 13, "chromebook"),
  arm64Clang: variant(["arm64", "clang-21", "defconfig", "image"], 14),
  arm64All: variant(["arm64", "gcc-14", "allmodconfig", "image"], 46),
  arm64Kunit: variant(["arm64", "gcc-14", "defconfig+kunit", "image"], 5, "unit"),
  arm64Gki: variant(["arm64", "clang-21", "gki_defconfig", "image"], 18),
  x86: variant(
    ["x86_64", "gcc-14", "x86_64_defconfig+lab-setup+x86-board+kselftest", "bzimage"],
    9,
    "machine",
    "qemu",
  ),
  x86Chromebook: variant(["x86_64", "gcc-14", CROS_CONFIG, "bzimage"], 12, "chromebook"),
  x86Clang: variant(["x86_64", "clang-21", "x86_64_defconfig+allmodconfig", "bzimage"], 41),
  x86Kunit: variant(["x86_64", "gcc-14", "defconfig+kunit", "bzimage"], 4, "unit"),
  x86Rust: variant(["x86_64", "rustc-1.90", "x86_64_defconfig+rust-samples", "bzimage"], 16),
  x86Gki: variant(["x86_64", "clang-21", "gki_defconfig", "bzimage"], 15),
  arm: variant(["arm", "gcc-14", "multi_v7_defconfig+kselftest", "zimage"], 10, "board", "qemu"),
  armClang: variant(["arm", "clang-21", "multi_v7_defconfig", "zimage"], 12),
  armImx: variant(["arm", "clang-21", "imx_v6_v7_defconfig", "zimage"], 7),
  riscv: variant(["riscv", "gcc-14", "defconfig+kselftest", "image"], 9, "board", "qemu"),
  riscvNommu: variant(["riscv", "gcc-14", "nommu_k210_defconfig", "image"], 4),
  i386: variant(["i386", "gcc-14", "i386_defconfig+kselftest", "bzimage"], 8, "qemu"),
  i386None: variant(["i386", "gcc-14", "allnoconfig", "bzimage"], 3),
  s390: variant(["s390", "clang-21", "defconfig", "bzimage"], 9),
  mips: variant(["mips", "gcc-14", "32r2el_defconfig", "vmlinux"], 6),
  redHatX86: variant(["x86_64", RED_HAT_GCC, "kernel-x86_64-fedora.config", "rpm"], 52, "host"),
  redHatArm64: variant(["aarch64", RED_HAT_GCC, "kernel-aarch64-fedora.config", "rpm"], 61, "host"),
  redHatPower: variant(["ppc64le", RED_HAT_GCC, "kernel-ppc64le-fedora.config", "rpm"], 47),
  azure: variant(["x86_64", UBUNTU_GCC, "olddefconfig", "bzimage"], 19, "cloud"),
} satisfies Record<string, Variant>;

export type VariantName = keyof typeof VARIANT_LIST;

export const VARIANTS: Readonly<Record<VariantName, Variant>> = VARIANT_LIST;

/** Architectures that go by another name in one origin. */
const SAME_ARCHITECTURE: Readonly<Record<string, string>> = { aarch64: "arm64" };

/** Whether a platform runs the kernels of a variant. */
export function boots(variant: Variant, platform: { architecture: string; kind: PlatformKind }): boolean {
  const architecture = SAME_ARCHITECTURE[variant.architecture] ?? variant.architecture;
  return platform.architecture === architecture && variant.boots.includes(platform.kind);
}
