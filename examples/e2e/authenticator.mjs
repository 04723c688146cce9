import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const step = 30; // seconds
const late = 8; // so near to its end a step's predecessor is not shown any more

// An authenticator app on a real clock. Sparekey takes the previous, the
// current and the next step, and each step once: they are used up from the
// oldest, so that a story hardly ever waits.
export class Authenticator {
  #last = 0;

  constructor(key) {
    this.key = fromBase32(key.replace(/[^A-Z2-7]/g, ""));
  }

  async code() {
    const now = Date.now() / 1000;
    const current = Math.floor(now / step);
    this.#last = Math.max(this.#last + 1, now % step > step - late ? current : current - 1);
    await sleep(Math.max(0, (this.#last - 1) * step - now) * 1000);
    return hotp(this.key, this.#last);
  }
}

// RFC 4226.
function hotp(key, counter) {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac("sha1", key).update(message).digest();
  const offset = mac[19] & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1e6).padStart(6, "0");
}

function fromBase32(text) {
  let bits = "";
  for (const c of text) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}
