/** The hardware of the demonstration data: boards and machines of the kind that kernels are tested on. */
import type { SuiteName } from "./suites.ts";

export type PlatformKind = "board" | "chromebook" | "machine" | "qemu" | "cloud" | "host" | "unit";

interface Fleet {
  architecture: string;
  kind: PlatformKind;
  lab: string;
  /** Who reports its tests, where that is not who built the kernel. */
  testOrigin?: string;
}

export interface Platform extends Fleet {
  /** As tests name it; undefined for a host of a pool, or for none. */
  name: string | undefined;
  /** What it is told apart by here. */
  key: string;
  /** Most specific first. */
  compatible: string[];
  suites: readonly SuiteName[];
  /** Boots a second time, with its root file system over the network. */
  nfs: boolean;
}

/** Name, compatibles, suites, and whether it boots over the network as well. */
type Line = [name: string, compatible: string, suites: readonly SuiteName[], nfs?: "nfs"];

function fleet(common: Fleet, lines: readonly Line[]): Platform[] {
  return lines.map(([name, compatible, suites, nfs]) => ({
    ...common,
    name: common.kind === "host" || common.kind === "unit" ? undefined : name,
    key: name,
    compatible: compatible === "" ? [] : compatible.split(" "),
    suites,
    nfs: nfs !== undefined,
  }));
}

const COLLABORA = { kind: "board", lab: "lava-collabora" } as const;
const BROONIE = { kind: "board", lab: "lava-broonie" } as const;
const BAYLIBRE = { kind: "board", lab: "lava-baylibre" } as const;
const CHROMEBOOK = { kind: "chromebook", lab: "lava-collabora" } as const;

export const PLATFORMS: readonly Platform[] = [
  ...fleet({ ...COLLABORA, architecture: "arm64" }, [
    ["rk3588-rock-5b", "radxa,rock-5b rockchip,rk3588", ["rtc", "fluster", "realtime", "ltpSyscalls"], "nfs"],
    [
      "rk3399-rock-pi-4b",
      "radxa,rockpi4b radxa,rockpi4 rockchip,rk3399",
      ["rtc", "cpufreq", "timers"],
      "nfs",
    ],
    ["mt8390-genio-700-evk", "mediatek,mt8390-evk mediatek,mt8390 mediatek,mt8188", ["dt", "mm", "v4l2"]],
    ["mt8395-genio-1200-evk", "mediatek,mt8395-evk mediatek,mt8395 mediatek,mt8195", ["dt", "fluster"]],
    [
      "imx8mp-verdin-nonwifi-dahlia",
      "toradex,verdin-imx8mp-nonwifi-dahlia toradex,verdin-imx8mp fsl,imx8mp",
      ["dt", "alsa"],
    ],
    [
      "meson-g12b-a311d-khadas-vim3",
      "khadas,vim3 amlogic,a311d amlogic,g12b",
      ["rtc", "kms", "ltpMm"],
      "nfs",
    ],
  ]),
  ...fleet({ ...CHROMEBOOK, architecture: "arm64" }, [
    [
      "rk3399-gru-kevin",
      "google,kevin-rev15 google,kevin google,gru rockchip,rk3399",
      ["rtc", "kms", "seccomp"],
    ],
    [
      "mt8183-kukui-jacuzzi-juniper-sku16",
      "google,juniper-sku16 google,juniper mediatek,mt8183",
      ["rtc", "cpufreq", "kms"],
    ],
    [
      "mt8186-corsola-steelix-sku131072",
      "google,steelix-sku131072 google,steelix mediatek,mt8186",
      ["dt", "alsa", "sleep"],
    ],
    [
      "mt8192-asurada-spherion-r0",
      "google,spherion-rev3 google,spherion mediatek,mt8192",
      ["fluster", "seccomp", "v4l2"],
    ],
    [
      "mt8195-cherry-tomato-r2",
      "google,tomato-rev2 google,tomato mediatek,mt8195",
      ["fluster", "alsa", "futex"],
    ],
    [
      "sc7180-trogdor-lazor-limozeen",
      "google,lazor-rev5-sku4 google,lazor qcom,sc7180",
      ["dt", "rtc", "sleep"],
    ],
    ["sc7180-trogdor-kingoftown", "google,kingoftown-sku0 google,kingoftown qcom,sc7180", ["rtc", "kms"]],
  ]),
  ...fleet({ ...BROONIE, architecture: "arm64" }, [
    ["bcm2711-rpi-4-b", "raspberrypi,4-model-b brcm,bcm2711", ["alsa", "futex", "mm"], "nfs"],
    ["juno-r2", "arm,juno-r2 arm,juno arm,vexpress", ["timers", "cpufreq", "ltpSmoke"], "nfs"],
    ["imx8mq-zii-ultra-zest", "zii,imx8mq-ultra-zest zii,imx8mq-ultra fsl,imx8mq", ["alsa", "dt"]],
    ["sun50i-h6-pine-h64", "pine64,pine-h64 allwinner,sun50i-h6", ["alsa", "rtc"]],
    ["r8a77960-ulcb", "renesas,m3ulcb renesas,r8a7796", ["alsa", "dt"]],
  ]),
  ...fleet({ ...BAYLIBRE, architecture: "arm64" }, [
    [
      "meson-gxl-s905x-libretech-cc",
      "libretech,aml-s905x-cc amlogic,s905x amlogic,meson-gxl",
      ["rtc", "ltpSmoke"],
    ],
    ["sun50i-a64-pine64-plus", "pine64,pine64-plus allwinner,sun50i-a64", ["rtc", "timers"]],
  ]),
  ...fleet({ architecture: "arm64", kind: "board", lab: "opentest-ti", testOrigin: "ti" }, [
    ["am62xx_sk-fs", "ti,am625-sk ti,am625", ["ltpSmoke"]],
    ["am69_sk-fs", "ti,am69-sk ti,j784s4", ["ltpSmoke"]],
  ]),
  ...fleet({ architecture: "arm64", kind: "board", lab: "arm-lab", testOrigin: "arm" }, [
    ["fvp-aemva", "arm,fvp-base-revc arm,vexpress", ["futex", "mm"]],
  ]),
  ...fleet({ ...COLLABORA, architecture: "arm" }, [
    ["imx6q-sabrelite", "boundary,imx6q-sabrelite fsl,imx6q", ["rtc", "dt", "ltpSmoke"], "nfs"],
    ["odroid-xu3", "hardkernel,odroid-xu3 samsung,exynos5800 samsung,exynos5", ["cpufreq", "v4l2"], "nfs"],
  ]),
  ...fleet({ ...BROONIE, architecture: "arm" }, [
    [
      "stm32mp157a-dhcor-avenger96",
      "arrow,stm32mp157a-avenger96 dh,stm32mp157a-dhcor-som st,stm32mp157",
      ["alsa", "rtc"],
    ],
    ["sun7i-a20-cubieboard2", "cubietech,cubieboard2 allwinner,sun7i-a20", ["timers"]],
  ]),
  ...fleet({ ...BAYLIBRE, architecture: "arm" }, [
    ["beaglebone-black", "ti,am335x-bone-black ti,am335x-bone ti,am33xx", ["rtc", "ltpSmoke"], "nfs"],
  ]),
  ...fleet({ ...CHROMEBOOK, architecture: "x86_64" }, [
    ["acer-cbv514-1h-34uz-brya", "", ["seccomp", "kms", "sleep"]],
    ["asus-C523NA-A20057-coral", "", ["rtc", "kms", "seccomp"]],
    ["dell-latitude-5300-8145U-arcada", "", ["futex", "sleep", "alsa"]],
    ["hp-x360-14a-cb0001xx-zork", "", ["kms", "v4l2", "seccomp"]],
  ]),
  ...fleet({ ...COLLABORA, kind: "machine", architecture: "x86_64" }, [
    ["minnowboard-turbot-E3826", "", ["rtc", "ltpSmoke"], "nfs"],
    ["aaeon-UPN-EHLX4RE-A10-0864", "", ["realtime", "ltpSyscalls", "net"]],
  ]),
  ...fleet({ architecture: "riscv", kind: "board", lab: "lava-baylibre" }, [
    [
      "jh7110-starfive-visionfive-2-v1.3b",
      "starfive,visionfive-2-v1.3b starfive,jh7110",
      ["futex", "ltpSmoke"],
      "nfs",
    ],
    ["fu740-hifive-unmatched", "sifive,hifive-unmatched-a00 sifive,fu740-c000 sifive,fu740", ["mm"]],
  ]),
  ...fleet({ architecture: "arm64", kind: "qemu", lab: "tuxsuite" }, [
    ["qemu-arm64", "", ["net", "mm", "ltpSyscalls", "ltpMm"]],
  ]),
  ...fleet({ architecture: "arm64", kind: "board", lab: "linaro-lab" }, [
    ["dragonboard-845c", "thundercomm,db845c qcom,sdm845", ["ltpSyscalls", "timers"]],
    ["juno-r2-debian", "arm,juno-r2 arm,juno arm,vexpress", ["ltpSyscalls", "cpufreq"]],
  ]),
  ...fleet({ architecture: "arm", kind: "qemu", lab: "tuxsuite" }, [
    ["qemu-armv7", "", ["ltpSyscalls", "ltpSmoke"]],
  ]),
  ...fleet({ architecture: "x86_64", kind: "qemu", lab: "tuxsuite" }, [
    ["qemu-x86_64", "", ["net", "mm", "ltpSyscalls", "futex"]],
  ]),
  ...fleet({ architecture: "i386", kind: "qemu", lab: "tuxsuite" }, [
    ["qemu-i386", "", ["ltpSmoke", "timers"]],
  ]),
  ...fleet({ architecture: "riscv", kind: "qemu", lab: "tuxsuite" }, [
    ["qemu-riscv64", "", ["ltpSmoke", "futex"]],
  ]),
  ...fleet({ architecture: "x86_64", kind: "cloud", lab: "azure" }, [["azure", "", ["lisa"]]]),
  ...fleet({ architecture: "x86_64", kind: "host", lab: "beaker" }, [
    ["hpe-dl385gen10-04.example.org", "", ["cki"]],
  ]),
  ...fleet({ architecture: "arm64", kind: "host", lab: "beaker" }, [
    ["ampere-mtsnow-11.example.org", "", ["cki"]],
  ]),
  ...fleet({ architecture: "x86_64", kind: "unit", lab: "k8s-all" }, [["kunit-x86_64", "", ["kunit"]]]),
  ...fleet({ architecture: "arm64", kind: "unit", lab: "k8s-all" }, [["kunit-arm64", "", ["kunit"]]]),
];
