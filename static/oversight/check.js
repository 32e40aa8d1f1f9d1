// Checks one entry's place in the tree in the browser: from its bytes and the proof on the page to
// the root in the checkpoint (RFC 6962). It does not check who signed: `python -m audit.verify` does.

const button = document.getElementById("check");
const verdict = document.getElementById("verdict");
const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

async function hash(prefix, ...parts) {
  const whole = [Uint8Array.of(prefix), ...parts];
  const joined = new Uint8Array(whole.reduce((n, part) => n + part.length, 0));
  whole.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}

function read(text) {
  const [head, ...rest] = text.split("\n\n");
  const lines = head.split("\n");
  const checkpoint = rest[0].split("\n");
  const at = lines.findIndex((line) => line.startsWith("index "));
  return {
    index: BigInt(lines[at].slice(6)),
    path: lines.slice(at + 1).map(bytesOf),
    size: BigInt(checkpoint[1]),
    root: checkpoint[2],
  };
}

// RFC 9162, section 2.1.3.2.
async function rootOf(body, { index, path, size }) {
  let node = index;
  let last = size - 1n;
  let root = await hash(0, body);
  for (const sibling of path) {
    if (last === 0n) return null;
    if (node % 2n === 1n || node === last) {
      root = await hash(1, sibling, root);
      while (node % 2n === 0n && node !== 0n) [node, last] = [node >> 1n, last >> 1n];
    } else {
      root = await hash(1, root, sibling);
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  return last === 0n ? btoa(String.fromCharCode(...root)) : null;
}

async function check() {
  let right = false;
  try {
    const proof = read(document.getElementById("proof").textContent);
    right = (await rootOf(bytesOf(verdict.dataset.body), proof)) === proof.root;
  } catch {
    right = false;
  }
  verdict.textContent = right ? verdict.dataset.right : verdict.dataset.wrong;
  verdict.className = right ? "" : "error";
}

button.hidden = false;
button.addEventListener("click", check);
