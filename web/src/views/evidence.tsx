import { classMap } from "../forward/class-map.ts";
import type { Outcome } from "../forward/network.ts";
import { largest, type Tensor } from "../forward/tensor.ts";
import { useLanguage } from "../language.tsx";
import { Picture, type PictureData } from "../parts/picture.tsx";
import type { Network } from "../resources.ts";

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

interface Props {
  networks: readonly Network[];
  outcomes: readonly Outcome[];
  image: Tensor;
  classes: readonly string[];
  /** The class that they speak for; null for each network's own answer. */
  label?: number | null;
}

/** Where in the picture each network finds its answer. */
export function Evidence({ networks, outcomes, image, classes, label = null }: Props) {
  const { t, number, capital } = useLanguage();
  return (
    <div class="evidence">
      <h3>{t.move.evidence}</h3>
      <div class="grids">
        {networks.map(({ description, layers }, index) => {
          const best = label ?? largest(outcomes[index].probabilities);
          const map = classMap(layers, image, outcomes[index], best);
          const sum = map.contributions.reduce((total, each) => total + each, 0);
          const name = capital(t[description.role]);
          const said = t.classes[classes[best]] ?? classes[best];
          return (
            <figure key={description.run} data-logit={sum + map.constant}>
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
