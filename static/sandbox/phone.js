// The phone in the browser. It knows the service only as texts: it sends them and fetches them.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const words = data.words;
const find = (id) => document.getElementById(id);
const list = find("phones");
const conversation = find("conversation");
const body = find("body");
const POLL_MS = 1000;

let phones = data.phones;
let current = null;
let newest = 0;
let lastDay = "";
let fetching = false;
let again = false;

const fill = (template, values) =>
  template.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
const element = (tag, className, text = "") => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
};
const segmentsInWords = (n) => (n === 1 ? words.segment_one : fill(words.segments, { n }));
const locale = data.language === "zh" ? "zh-CN" : "en-GB";
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long" });

const say = (text) => {
  if (find("notice").textContent !== text) find("notice").textContent = text;
};

// ---------------------------------------------------------------- the list of phones
const drawPhones = () => {
  const focused = document.activeElement?.dataset?.phone;
  list.replaceChildren(
    ...phones.map((phone) => {
      const button = element("button", "pick");
      button.type = "button";
      button.dataset.phone = phone.id;
      if (phone.id === current) button.setAttribute("aria-current", "true");
      button.append(element("span", "name", phone.name), element("span", "number", phone.shown));
      if (phone.waiting && phone.id !== current) {
        button.append(element("span", "unread", fill(words.unread, { n: phone.waiting })));
      }
      button.addEventListener("click", () => {
        choose(phone.id);
        // On a touch screen this would call up the keyboard over half of the page.
        if (matchMedia("(min-width: 48rem)").matches) body.focus();
      });
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
  if (focused) list.querySelector(`[data-phone="${focused}"]`)?.focus();
};

const choose = (id) => {
  current = id;
  newest = 0;
  lastDay = "";
  const phone = phones.find((p) => p.id === id);
  find("who").textContent = phone.name;
  find("whose-number").textContent = phone.shown;
  conversation.replaceChildren(element("li", "empty", words.empty));
  find("codes").replaceChildren();
  try {
    sessionStorage.setItem("phone", String(id));
  } catch {
    // a browser without storage starts with the first phone
  }
  drawPhones();
  list.querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
  poll();
};

// ---------------------------------------------------------------- the conversation
const drawText = (text) => {
  conversation.querySelector(".empty")?.remove();
  const at = new Date(text.at);
  const day = calendar.format(at);
  if (day !== lastDay) {
    lastDay = day;
    const isToday = day === calendar.format(new Date());
    conversation.append(element("li", "day", isToday ? words.today : day));
  }
  const item = element("li", `text ${text.incoming ? "theirs" : "mine"}`);
  item.append(
    element("span", "hidden", `${text.incoming ? words.service : words.me}: `),
    element("p", "bubble", text.body),
  );
  const meta = element("p", "meta");
  const time = element("time", "", clock.format(at));
  time.dateTime = text.at;
  const tick = element("span", "tick", text.delivered ? "✓✓" : "✓");
  tick.title = text.delivered ? words.delivered : words.sending;
  tick.setAttribute("role", "img");
  tick.setAttribute("aria-label", tick.title);
  const size = element("span", "segments", `${segmentsInWords(text.segments)}, ${text.encoding}`);
  meta.append(time, size, tick);
  item.append(meta);
  conversation.append(item);
};

const drawCodes = (text) => {
  if (!text.incoming) return;
  const code = /\bOK (\d{6})\b/.exec(text.body)?.[1];
  const erase = /\bERASE (\d{6})\b/.exec(text.body)?.[1];
  const answers = [...(code ? [`OK ${code}`, `NO ${code}`] : []), ...(erase ? [`ERASE ${erase}`] : [])];
  find("codes").replaceChildren(
    ...answers.map((answer) => {
      const chip = element("button", "chip answer", answer);
      chip.type = "button";
      chip.dataset.text = answer;
      return chip;
    }),
  );
};

const getJson = async (address) => {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
};

const poll = async () => {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  const asked = current;
  try {
    const got = await getJson(`texts?number_id=${asked}&after=${newest}`);
    const all = await getJson(`phones?lang=${data.language}`);
    if (asked === current) {
      for (const text of got.texts) {
        drawText(text);
        drawCodes(text);
        newest = text.id;
      }
      if (got.texts.length) conversation.scrollTop = conversation.scrollHeight;
    }
    if (JSON.stringify(all.phones) !== JSON.stringify(phones)) {
      phones = all.phones;
      drawPhones();
    }
    say("");
  } catch {
    say(words.offline);
  } finally {
    fetching = false;
  }
  if (again) {
    again = false;
    await poll();
  }
};

// ---------------------------------------------------------------- writing
const drawSize = () => {
  body.style.height = "auto";
  body.style.height = `${Math.min(body.scrollHeight + 4, 160)}px`;
  const size = countSegments(body.value, data.basic, data.extension);
  find("size").textContent = body.value
    ? `${segmentsInWords(size.count)} · ${fill(words.units, size)}`
    : "";
};

const send = async (text) => {
  const answer = await fetch("texts", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ number_id: current, body: text }),
  });
  if (!answer.ok) throw new Error(String(answer.status));
};

// A phone sends one text after the other, in the order in which they were written.
let sending = Promise.resolve();

const sendAndShow = async (text) => {
  const turn = sending.then(() => send(text));
  sending = turn.catch(() => {});
  try {
    await turn;
    say("");
    await poll();
    return true;
  } catch {
    say(words.retry);
    return false;
  }
};

find("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = body.value;
  if (!text) return;
  body.value = "";
  drawSize();
  if (!(await sendAndShow(text))) {
    body.value = text;
    drawSize();
  }
  body.focus();
});
body.addEventListener("input", drawSize);
body.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    find("composer").requestSubmit();
  }
});
find("chips").addEventListener("click", (event) => {
  const text = event.target.dataset?.text;
  if (text) sendAndShow(text);
});

const remembered = () => {
  try {
    return Number(sessionStorage.getItem("phone"));
  } catch {
    return 0;
  }
};
if (phones.length) {
  choose(phones.some((p) => p.id === remembered()) ? remembered() : phones[0].id);
  drawSize();
  setInterval(() => {
    if (!document.hidden && !fetching) poll();
  }, POLL_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) poll();
  });
}
