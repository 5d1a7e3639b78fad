import { useEffect, useRef, useState } from "preact/hooks";
import type { Answer } from "../classifier.ts";
import { largest } from "../forward/tensor.ts";
import { useLanguage } from "../language.tsx";
import type { PictureData } from "../parts/picture.tsx";
import { moved } from "../picture/moved.ts";
import type { Network } from "../resources.ts";
import type { YourNetwork } from "../yours/model.ts";

interface Shared {
  classes: readonly string[];
  label: string;
  /** Picture and place: when it changes, the picture has moved. */
  at: string;
}

interface AnswerProps extends Shared {
  role: Network["description"]["role"] | "yours";
  probabilities: ArrayLike<number>;
  /** What is known of the network. */
  remark: string;
}

/** A network's answer, and how often it changed while the picture moved. */
export function AnswerCard({ role, probabilities, classes, label, at, remark }: AnswerProps) {
  const { t, number, capital } = useLanguage();
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
      <h3>{capital(t[role])}</h3>
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

interface YourProps extends Shared {
  network: YourNetwork;
  picture: PictureData;
  right: number;
  down: number;
}

/** What the reader's own network answers, a moment later than the page's own. */
export function YourAnswer({ network, picture, right, down, at, ...shared }: YourProps) {
  const { t } = useLanguage();
  const [found, setFound] = useState<{ at: string; answer: Answer } | null>(null);
  useEffect(() => {
    let current = true;
    void network.answer([moved(picture, network.side, right, down)]).then(([answer]) => {
      if (current) setFound({ at, answer });
    });
    return () => {
      current = false;
    };
  }, [network, at]);
  if (!found) return null;
  const { probabilities } = found.answer;
  return <AnswerCard {...shared} role="yours" probabilities={probabilities} at={found.at} remark={t.bring.cut} />;
}
