// Makes elements; text is always text.

/** `h("button", { class: "x", onclick }, "Send", icon)`: functions are listeners, the rest attributes. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

const SCHEMES = ["http:", "https:", "mailto:"];

/** *address* if a page may lead there, else nothing. */
export function safeUrl(address) {
  try {
    const url = new URL(address);
    return SCHEMES.includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

const OUTSIDE = { target: "_blank", rel: "noopener noreferrer nofollow" };

/** The attributes of a link to *url*, which leads out of the page. */
export const outside = (url) => ({ href: url, ...OUTSIDE });

/** Whether a key is for the input method; Safari says so by its code alone. */
export const composing = ({ isComposing, keyCode }) => isComposing || keyCode === 229;

/** Copy *text*; whether that was possible. A page that came without TLS has no clipboard, but can fill a copy. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const fill = (event) => (event.preventDefault(), event.clipboardData.setData("text/plain", text));
    document.addEventListener("copy", fill);
    const done = document.execCommand("copy");
    document.removeEventListener("copy", fill);
    return done;
  }
}

const SHAPES = {
  send: "M12 20V5M5 12l7-7 7 7",
  stop: "M7 7h10v10H7z",
  menu: "M4 7h16M4 12h16M4 17h16",
  plus: "M12 5v14M5 12h14",
  copy: "M9 9h10v11H9zM5 15V4h10",
  retry: "M5 12a7 7 0 1 1 2 5M5 19v-4h4",
  branch: "M7 8v8M7 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM17 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM17 8c0 5-8 3-10 8",
  edit: "M5 19h4L19 9l-4-4L5 15z",
  clip: "M19 11l-8 8a5 5 0 0 1-7-7l8-8a3.3 3.3 0 0 1 5 5l-8 8a1.7 1.7 0 0 1-2.400-2.400L14 7",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  export: "M12 4v11M7 11l5 5 5-5M5 20h14",
  theme: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  key: "M8 20a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11 13l9-9M16 8l3 3",
  close: "M6 6l12 12M18 6L6 18",
  chart: "M5 19v-7M12 19V5M19 19v-10",
  down: "M12 5v14M6 13l6 6 6-6",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** A link with an icon alone, within the app. */
export function iconLink(name, label, href) {
  return h("a", { class: "icon", href, "aria-label": label, title: label }, icon(name));
}

/** A button with an icon alone, whose name is said and shown on hover. */
export function iconButton(name, label, onclick, attributes) {
  return h("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick, ...attributes }, icon(name));
}
