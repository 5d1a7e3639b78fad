import { useId } from "preact/hooks";
import type { Images } from "../resources.ts";
import { useLanguage } from "../language.tsx";
import { Picture } from "./picture.tsx";

interface Props {
  images: Images;
  chosen: number;
  onChoose(index: number): void;
}

/** A row of test images, of which one is chosen; arrow keys choose, too. */
export function ChooseImage({ images, chosen, onChoose }: Props) {
  const { t } = useLanguage();
  const name = useId();
  return (
    <fieldset class="images">
      <legend>{t.chooseImage}</legend>
      <div class="strip">
        {images.pictures.map((picture, index) => {
          const label = t.classes[images.names[index]] ?? images.names[index];
          return (
            <label key={images.indices[index]}>
              <input
                type="radio"
                name={name}
                checked={index === chosen}
                onChange={() => onChoose(index)}
                aria-label={t.image(label, String(images.indices[index]))}
              />
              <Picture picture={picture} label="" />
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
