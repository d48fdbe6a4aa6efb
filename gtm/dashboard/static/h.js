// Builds elements: h("p", {class: "quiet", onclick: f}, "text", child, [more]).
// Text is always text, never markup: nothing that the API says can become an element.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. Properties: on… are listeners, `class`, `dataset`, `style` (an object of
 * custom or plain properties), true/false attributes, everything else an attribute. */
export function h(tag, properties, ...children) {
  return built(document.createElement(tag), properties, children);
}

/** The same in SVG. */
export function s(tag, properties, ...children) {
  return built(document.createElementNS(SVG, tag), properties, children);
}

/** Puts these children in the place of whatever `root` has. */
export function fill(root, ...children) {
  root.replaceChildren(...children.flat(Infinity).filter(shown));
  return root;
}

/** Changes what is in `place`; where the focus was inside, it is on the element of the same data-key
 * afterwards. */
export function keeping(place, change) {
  const key = place.contains(document.activeElement) ? document.activeElement.dataset?.key : undefined;
  change();
  if (key) place.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

function built(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) apply(element, name, value);
  element.append(...children.flat(Infinity).filter(shown));
  return element;
}

function apply(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (name === "style") {
    // by the object model: the page's policy lets no style attribute through
    for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
  } else element.setAttribute(name, value === true ? "" : String(value));
}

function shown(child) {
  return child !== null && child !== undefined && child !== false;
}
