import type { JSX } from "react";
import type { BuildStatus } from "../api/commits.ts";
import { Icon, type IconName } from "../parts/icons.tsx";

/** One build's status. */
export function StatusBadge({ status }: { status: BuildStatus }): JSX.Element {
  const { icon, colour } = look(status);
  return (
    <span className={`inline-flex items-center gap-1 align-middle text-xs font-semibold ${colour}`}>
      <Icon name={icon} className="size-3.5" />
      {status}
    </span>
  );
}

function look(status: BuildStatus): { icon: IconName; colour: string } {
  if (status === "PASS") return { icon: "pass", colour: "text-pass" };
  if (status === "FAIL") return { icon: "fail", colour: "text-fail" };
  return { icon: "open", colour: "text-open" };
}
