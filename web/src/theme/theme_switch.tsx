import { useId, type JSX } from "react";
import { Icon } from "../parts/icons.tsx";
import { THEMES, type Theme } from "./choice.ts";
import { useTheme } from "./use_theme.ts";

const NAMES: Record<Theme, string> = {
  system: "Theme of the system",
  light: "Light theme",
  dark: "Dark theme",
};

/** The choice between the colours of the system, light and dark ones. */
export function ThemeSwitch(): JSX.Element {
  const [theme, choose] = useTheme();
  const group = useId();
  return (
    <fieldset className="flex rounded-md border border-line p-0.5">
      <legend className="sr-only">Theme</legend>
      {THEMES.map((option) => (
        <label
          key={option}
          title={NAMES[option]}
          className="flex size-7 items-center justify-center rounded text-muted hover:text-ink has-checked:bg-accent-soft has-checked:text-accent has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name={group}
            className="sr-only"
            checked={theme === option}
            onChange={() => {
              choose(option);
            }}
          />
          <Icon name={option} />
          <span className="sr-only">{NAMES[option]}</span>
        </label>
      ))}
    </fieldset>
  );
}
