// The waPC calls that a policy needs, declared by hand.

// @ts-ignore: decorator
@external("wapc", "__guest_request")
declare function __guest_request(operation: usize, payload: usize): void;

// @ts-ignore: decorator
@external("wapc", "__guest_response")
declare function __guest_response(text: usize, size: usize): void;

// @ts-ignore: decorator
@external("wapc", "__guest_error")
declare function __guest_error(text: usize, size: usize): void;

export class Request {
  constructor(public operation: string, public payload: string) {}
}

export function request(operationSize: i32, payloadSize: i32): Request {
  const operation = new ArrayBuffer(operationSize);
  const payload = new ArrayBuffer(payloadSize);
  __guest_request(changetype<usize>(operation), changetype<usize>(payload));
  return new Request(String.UTF8.decode(operation), String.UTF8.decode(payload));
}

export function respond(text: string): bool {
  const bytes = String.UTF8.encode(text);
  __guest_response(changetype<usize>(bytes), bytes.byteLength);
  return true;
}

export function fail(text: string): bool {
  const bytes = String.UTF8.encode(text);
  __guest_error(changetype<usize>(bytes), bytes.byteLength);
  return false;
}
