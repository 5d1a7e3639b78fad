import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { useAddress } from "../address.ts";
import { useLanguage } from "../language.tsx";

const SKIPPED = "none";

interface Props {
  /** Where links keep the guess. */
  name: string;
  question: string;
  options: Readonly<Record<string, string>>;
  /** What the study found; null where it has not decided. */
  answer: string | null;
  /** What is said where the study has no answer. */
  unanswered?: string;
  /** What the reader may try before and after the guess. */
  between?: ComponentChildren;
  /** What is shown after the guess. */
  children: ComponentChildren;
}

/** Ask for a guess, and only then show what was found. */
export function Guess({ name, question, options, answer, unanswered, between, children }: Props) {
  const { t } = useLanguage();
  const [guess, setGuess] = useAddress(`guess-${name}`, "");
  const id = useId();
  const given = guess in options ? guess : guess === SKIPPED ? SKIPPED : "";
  const asked = (
    <div class="guess">
      <fieldset>
        <legend>
          <span class="kicker">{given ? t.guess : t.guessFirst}</span>
          {question}
        </legend>
        <div class="options">
          {Object.entries(options).map(([key, text]) => (
            <label key={key} class={given && key === answer ? "answer" : ""}>
              <input
                type="radio"
                name={id}
                value={key}
                checked={given === key}
                onChange={() => setGuess(key)}
              />
              <span>{text}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {given ? (
        <p class="told" role="status">
          {given === SKIPPED
            ? t.noGuess
            : answer === null
              ? (unanswered ?? t.undecidedGuess)
              : given === answer
                ? t.right
                : t.wrong}{" "}
          <button type="button" class="plain" onClick={() => setGuess("")}>
            {t.again}
          </button>
        </p>
      ) : (
        <p class="told">
          <button type="button" class="plain" onClick={() => setGuess(SKIPPED)}>
            {t.skipGuess}
          </button>
        </p>
      )}
    </div>
  );
  return (
    <>
      {asked}
      {between}
      {given && <div class="revealed">{children}</div>}
    </>
  );
}
