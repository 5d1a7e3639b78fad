import type { ComponentChildren } from "preact";
import { useLanguage } from "../language.tsx";

interface Props {
  name: string;
  number: number;
  question: string;
  lead: string;
  children: ComponentChildren;
}

/** A view: a question, what to do, and what is shown. */
export function View({ name, number, question, lead, children }: Props) {
  return (
    <section class="view" id={name} aria-labelledby={`${name}-question`}>
      <p class="kicker">{number}</p>
      <h2 id={`${name}-question`} tabIndex={-1}>{question}</h2>
      <p class="lead">{lead}</p>
      {children}
    </section>
  );
}

/** What stands in for a view whose experiment was not run. */
export function NotStored({ experiment }: { experiment: string }) {
  const { t } = useLanguage();
  return (
    <p class="notice">
      {t.notStored} {experiment}. {t.notStoredFix(experiment)}
    </p>
  );
}
