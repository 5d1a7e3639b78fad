import { useRef } from "preact/hooks";
import type { Shown } from "../classifier.ts";
import { largest } from "../forward/tensor.ts";
import { useLanguage } from "../language.tsx";
import { useNames } from "../yours/context.tsx";

export interface AnswerProps {
  role: Shown;
  probabilities: ArrayLike<number>;
  classes: readonly string[];
  label: string;
  /** Picture and place: when it changes, the picture has moved. */
  at: string;
  /** What is known of the network. */
  remark: string;
}

/** A network's answer, and how often it changed while the picture moved. */
export function AnswerCard({ role, probabilities, classes, label, at, remark }: AnswerProps) {
  const { t, number, capital } = useLanguage();
  const nameOf = useNames();
  const best = largest(probabilities);
  const counted = useRef({ at, best, moves: 0, flips: 0 });
  const before = counted.current;
  if (before.at !== at) {
    const sameImage = before.at.split(" ")[0] === at.split(" ")[0];
    counted.current = sameImage
      ? { at, best, moves: before.moves + 1, flips: before.flips + Number(best !== before.best) }
      : { at, best, moves: 0, flips: 0 };
  }
  const { moves, flips } = counted.current;
  const said = t.classes[classes[best]] ?? classes[best];
  const right = classes[best] === label;
  return (
    <div class={`answer-card ${role}`} data-role={role}>
      <h3>{capital(nameOf(role))}</h3>
      <p class="said" role="status">
        <strong>{said}</strong>{" "}
        <span class={right ? "right" : "wrong"}>{right ? t.move.isRight : t.move.isWrong}</span>
      </p>
      <div class="bars" aria-hidden="true">
        {Array.from(probabilities)
          .map((probability, index) => ({ probability, index }))
          .sort((first, second) => second.probability - first.probability)
          .slice(0, 3)
          .map(({ probability, index }) => (
            <p key={index}>
              <span class="name">{t.classes[classes[index]] ?? classes[index]}</span>
              <progress max={1} value={probability} />
              <span class="value">{number(100 * probability)} %</span>
            </p>
          ))}
      </div>
      <p class="small flips">{t.move.flips(number(flips), number(moves))}</p>
      {remark && <p class="small">{remark}</p>}
    </div>
  );
}
