import type { Shown } from "../classifier.ts";
import { classMap } from "../forward/class-map.ts";
import type { Layer, Outcome } from "../forward/network.ts";
import { largest, type Tensor } from "../forward/tensor.ts";
import { useLanguage } from "../language.tsx";
import { Picture, type PictureData } from "../parts/picture.tsx";
import type { Network } from "../resources.ts";
import { useNames } from "../yours/context.tsx";
import type { Said } from "../yours/said.ts";

const FOR = [255, 176, 0];
const AGAINST = [86, 180, 233];

/** Contributions as a picture: black is none, orange speaks for the class, blue against it. */
export function evidencePicture(height: number, width: number, contributions: ArrayLike<number>): PictureData {
  const data = new Float32Array(3 * contributions.length);
  let most = 0;
  for (let pixel = 0; pixel < contributions.length; pixel += 1) {
    most = Math.max(most, Math.abs(contributions[pixel]));
  }
  for (let pixel = 0; pixel < contributions.length; pixel += 1) {
    const colour = contributions[pixel] > 0 ? FOR : AGAINST;
    const strength = Math.abs(contributions[pixel]) / (most || 1);
    colour.forEach((value, index) => {
      data[3 * pixel + index] = (value / 255) * strength;
    });
  }
  return { height, width, channels: 3, data };
}

/** A network's answer and how it came about, from an image or a feature map on. */
export interface Account {
  readonly key: string;
  readonly role: Shown;
  readonly layers: readonly Layer[];
  readonly given: Tensor;
  readonly outcome: Outcome;
}

/** What stands in for the account of a network whose answers cannot be followed. */
export interface Unaccounted {
  readonly key: string;
  readonly role: Shown;
  readonly why: string;
}

interface Props {
  accounts: readonly (Account | Unaccounted)[];
  classes: readonly string[];
  /** The class that they speak for; null for each network's own answer. */
  label?: number | null;
}

/** The accounts of the page's own networks on one image. */
export function accountsOf(networks: readonly Network[], outcomes: readonly Outcome[], image: Tensor): Account[] {
  return networks.map(({ description, layers }, index) => ({
    key: description.run,
    role: description.role,
    layers,
    given: image,
    outcome: outcomes[index],
  }));
}

/** The account of the reader's own network; `why` says why there is none. */
export function accountOf({ network: { key }, explained }: Said, why: string): Account | Unaccounted {
  if (!explained) return { key, role: "yours", why };
  const { features, layers, outcome } = explained;
  return { key, role: "yours", layers, given: features, outcome };
}

/** Where in the picture each network finds its answer. */
export function Evidence({ accounts, classes, label = null }: Props) {
  const { t, number, capital } = useLanguage();
  const nameOf = useNames();
  return (
    <div class="evidence">
      <h3>{t.move.evidence}</h3>
      <div class="grids">
        {accounts.map((account) => {
          if ("why" in account) return <p class="absent small" key={account.key}>{account.why}</p>;
          const { key, role, layers, given, outcome } = account;
          const best = label ?? largest(outcome.probabilities);
          const map = classMap(layers, given, outcome, best);
          const sum = map.contributions.reduce((total, each) => total + each, 0);
          const name = capital(nameOf(role));
          const said = t.classes[classes[best]] ?? classes[best];
          return (
            <figure key={key} data-logit={sum + map.constant}>
              <Picture
                picture={evidencePicture(map.height, map.width, map.contributions)}
                label={t.move.evidenceLabel(name, said)}
              />
              <figcaption>
                {t.move.evidenceSum(
                  name,
                  said,
                  number(sum, 2),
                  number(map.constant, 2),
                  number(sum + map.constant, 2),
                )}
              </figcaption>
            </figure>
          );
        })}
      </div>
      <p class="small">{t.move.evidenceText}</p>
    </div>
  );
}
