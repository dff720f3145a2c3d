import { useEffect, useEffectEvent, useId, useState, type JSX } from "react";

/** Pauses in typing that are shorter do not count. */
const PAUSE_MS = 150;

interface SearchBoxProps {
  label: string;
  placeholder: string;
  value: string;
  /** @param continues the reader goes on with a text that was already reported */
  onChange: (value: string, continues: boolean) => void;
}

/** A field for a filter's text, which it reports after a pause in typing. */
export function SearchBox({ label, placeholder, value, onChange }: SearchBoxProps): JSX.Element {
  const id = useId();
  const [draft, setDraft] = useState(value);
  const [seen, setSeen] = useState(value);
  const [reported, setReported] = useState({ value, inThisVisit: false });
  // Reports that have not come back as the value yet, the oldest first: typing may be ahead of them.
  const [pending, setPending] = useState<readonly string[]>([]);

  if (value !== seen) {
    setSeen(value);
    const answered = pending.indexOf(value);
    setPending(answered < 0 ? [] : pending.slice(answered + 1));
    if (answered < 0) {
      // Not what was typed here: the reader went through the browser's history, say.
      setReported({ value, inThisVisit: false });
      setDraft(value);
    }
  }

  const report = useEffectEvent(() => {
    setReported({ value: draft, inThisVisit: true });
    setPending([...pending, draft]);
    onChange(draft, reported.inThisVisit);
  });
  useEffect(() => {
    if (draft === reported.value) return;
    const timer = setTimeout(report, PAUSE_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [draft, reported.value]);

  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block text-xs font-medium text-muted">
        {label}
      </label>
      <input
        id={id}
        type="search"
        className="control w-full placeholder:text-muted"
        placeholder={placeholder}
        value={draft}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setDraft(event.target.value);
        }}
        onBlur={() => {
          setReported((last) => ({ ...last, inThisVisit: false }));
        }}
      />
    </div>
  );
}
