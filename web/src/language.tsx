import { type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useMemo } from "preact/hooks";
import { useAddress } from "./address.ts";
import { rounded } from "./rounding.ts";
import { en, type Texts } from "./texts/en.ts";
import { es } from "./texts/es.ts";

/** Each language's texts about images of a thing, which is named in English. */
const TEXTS: Readonly<Record<string, (thing: string) => Texts>> = { en, es };

export interface Language {
  readonly code: string;
  readonly t: Texts;
  /** A number with so many digits behind the point; with its sign where that is asked for. */
  number(value: number, digits?: number, signed?: boolean): string;
  /** A text at the beginning of a sentence. */
  capital(text: string): string;
}

const Current = createContext<Language>(languageOf("en", ""));

function languageOf(code: string, thing: string): Language {
  return {
    code,
    t: TEXTS[code](thing),
    number: (value, digits = 0, signed = false) =>
      new Intl.NumberFormat(code, {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
        signDisplay: signed ? "exceptZero" : "negative",
        // Spanish groups four digits only on request.
        useGrouping: "always",
      })
        .format(rounded(value, digits))
        .replace("-", "−"),
    capital: (text) => text.charAt(0).toLocaleUpperCase(code) + text.slice(1),
  };
}

/**
 * The language of the address, or else that of the browser where the page has it.
 *
 * @param thing what one image shows, in English.
 */
export function useLanguageChoice(thing = ""): [Language, (code: string) => void] {
  const preferred = navigator.language.startsWith("es") ? "es" : "en";
  const [code, setCode] = useAddress("lang", preferred);
  const known = code in TEXTS ? code : preferred;
  const language = useMemo(() => languageOf(known, thing), [known, thing]);
  useEffect(() => {
    document.documentElement.lang = known;
    document.title = language.t.title;
  }, [known]);
  return [language, setCode];
}

export const LANGUAGES = Object.keys(TEXTS);

export function Speaking({ language, children }: { language: Language; children: ComponentChildren }) {
  return <Current.Provider value={language}>{children}</Current.Provider>;
}

export function useLanguage(): Language {
  return useContext(Current);
}
