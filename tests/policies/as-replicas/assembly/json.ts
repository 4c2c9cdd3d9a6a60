// Finds a value in a JSON text without building anything. A value that is not there is "".

const QUOTE = 0x22, BACKSLASH = 0x5c, COMMA = 0x2c, COLON = 0x3a;
const OPEN_ARRAY = 0x5b, CLOSE_ARRAY = 0x5d, OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d;

/** The member `name` of an object, as text. */
export function member(object: string, name: string): string {
  let at = pastBlank(object, 0);
  if (charAt(object, at) != OPEN_OBJECT) return "";
  do {
    const key = pastBlank(object, at + 1);
    if (charAt(object, key) != QUOTE) return "";
    const keyEnd = pastString(object, key);
    at = pastBlank(object, keyEnd);
    if (charAt(object, at) != COLON) return "";
    const value = pastBlank(object, at + 1);
    at = pastValue(object, value);
    if (object.substring(key + 1, keyEnd - 1) == name) return object.substring(value, at);
    at = pastBlank(object, at);
  } while (charAt(object, at) == COMMA);
  return "";
}

/** What a whole number of up to 18 digits stands for; 0 for anything else. */
export function wholeNumber(value: string): i64 {
  if (value.length == 0 || value.length > 18) return 0;
  let number: i64 = 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return 0;
    number = number * 10 + digit;
  }
  return number;
}

function charAt(text: string, at: i32): i32 {
  return at < text.length ? text.charCodeAt(at) : 0;
}

function pastBlank(text: string, at: i32): i32 {
  while (charAt(text, at) == 0x20 || (charAt(text, at) >= 0x09 && charAt(text, at) <= 0x0d)) at++;
  return at;
}

function pastString(text: string, at: i32): i32 {
  for (at++; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char == QUOTE) return at + 1;
    if (char == BACKSLASH) at++;
  }
  return text.length;
}

function pastValue(text: string, at: i32): i32 {
  let depth = 0;
  while (at < text.length) {
    const char = text.charCodeAt(at);
    if (depth == 0 && (char == COMMA || char == CLOSE_OBJECT || char == CLOSE_ARRAY || char <= 0x20)) return at;
    if (char == QUOTE) {
      at = pastString(text, at);
    } else {
      if (char == OPEN_OBJECT || char == OPEN_ARRAY) depth++;
      if (char == CLOSE_OBJECT || char == CLOSE_ARRAY) depth--;
      at++;
      if (char != CLOSE_OBJECT && char != CLOSE_ARRAY) continue;
    }
    if (depth == 0) return at;
  }
  return text.length;
}
