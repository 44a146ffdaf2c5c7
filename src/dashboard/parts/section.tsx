/** A part of the page with its heading, and a caption for who meets the thing for the first time. */
import type { ComponentChildren } from "preact";

export interface SectionProps {
  /** Also the anchor. */
  readonly id: string;
  readonly title: string;
  readonly caption?: ComponentChildren;
  /** What stands at the heading's right. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Section({ id, title, caption, aside, children }: SectionProps) {
  return (
    <section class="section" id={id} aria-labelledby={`${id}-title`}>
      <div class="section-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </div>
      {caption !== undefined && <p class="caption">{caption}</p>}
      {children}
    </section>
  );
}

/** Instead of what is not there, or not yet. */
export function Blank({ children }: { readonly children: ComponentChildren }) {
  return <p class="blank">{children}</p>;
}
