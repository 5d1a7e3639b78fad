import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Shown } from "../classifier.ts";
import { useLanguage } from "../language.tsx";
import type { Rival } from "../study.ts";
import type { YourNetwork } from "./model.ts";
import type { Shifted } from "./shifted.ts";

/** The reader's own network, and what was measured of it so far. */
export interface Yours {
  readonly network: YourNetwork | null;
  readonly shifted: readonly Shifted[];
  /** Which of the study's networks it stands in for; null where there is none. */
  readonly place: Rival | null;
}

export const YoursContext = createContext<Yours>({ network: null, shifted: [], place: null });

export function useYours(): Yours {
  return useContext(YoursContext);
}

/** A function that names networks, the reader's own by its file. */
export function useNames(): (shown: Shown) => string {
  const { t } = useLanguage();
  const { network } = useYours();
  return (shown) => (shown === "yours" ? t.named(network?.name ?? "") : t[shown]);
}

/** Says, where the reader's own network stands beside it, that what follows is about others. */
export function OfTheStudy() {
  const { t } = useLanguage();
  const { network } = useYours();
  return network && <p class="small of-the-study">{t.ofTheStudy(t.named(network.name))}</p>;
}
