// Fields that apply only sometimes come and go while one answers. The server decides in the end.
const OPEN = Symbol("not answered yet");

function value(node, answers) {
  const [kind, ...parts] = node;
  switch (kind) {
    case "value": return parts[0];
    case "name": return answers.get(parts[0]) ?? OPEN;
    case "list": return parts.map((part) => value(part, answers));
    case "not": { const v = value(parts[0], answers); return v === OPEN ? OPEN : !v; }
    case "and": case "or": return joined(kind === "or", parts, answers);
    default: return compared(kind, value(parts[0], answers), value(parts[1], answers));
  }
}

function joined(settles, parts, answers) {
  let open = false;
  for (const part of parts) {
    const v = value(part, answers);
    if (v === OPEN) open = true;
    else if (Boolean(v) === settles) return settles;
  }
  return open ? OPEN : !settles;
}

function compared(kind, a, b) {
  if (a === OPEN || b === OPEN) return OPEN;
  switch (kind) {
    case "==": return a === b;
    case "!=": return a !== b;
    case "<": return a < b;
    case "<=": return a <= b;
    case ">": return a > b;
    case ">=": return a >= b;
    case "in": return b.includes(a);
    case "not in": return !b.includes(a);
    case "+": return a + b;
    case "-": return a - b;
    case "*": return a * b;
    default: return OPEN;
  }
}

function typed(field, form) {
  const name = field.dataset.field;
  const inputs = [...form.elements].filter((input) => input.name === name && !input.disabled);
  const kind = field.dataset.kind;
  const chosen = inputs.filter((input) => input.checked).map((input) => input.value);
  if (kind === "choices") return [name, chosen.length ? chosen : undefined];
  if (kind === "choice") return [name, chosen[0]];
  if (kind === "yesno") return [name, chosen.length ? chosen[0] === "yes" : undefined];
  const text = (inputs[0]?.value ?? "").trim();
  if (kind === "integer") return [name, /^-?\d+$/.test(text) ? Number(text) : undefined];
  if (kind === "money") {
    const plain = text.replace(/[,，]/g, "");
    return [`${name}_fen`, /^-?\d+(\.\d{1,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : undefined];
  }
  return [name, text || undefined];
}

function update(form) {
  const answers = new Map(Object.entries(JSON.parse(form.dataset.answers || "{}")));
  // A hidden field has no answer, and that may hide another one: settle from top to bottom.
  for (const part of form.querySelectorAll("[data-field], [data-when]")) {
    if (part.dataset.when) {
      const applies = value(JSON.parse(part.dataset.when), answers) === true;
      part.hidden = !applies;
      for (const input of part.querySelectorAll("input, textarea, select")) input.disabled = !applies;
    }
    if (part.dataset.field && !part.hidden) {
      const [name, answer] = typed(part, form);
      if (answer === undefined) answers.delete(name);
      else answers.set(name, answer);
    }
  }
}

export function conditions() {
  for (const form of document.querySelectorAll("form[data-answers]")) {
    for (const mark of form.querySelectorAll(".mj-maybe")) mark.hidden = true;
    form.addEventListener("input", () => update(form));
    update(form);
  }
}
