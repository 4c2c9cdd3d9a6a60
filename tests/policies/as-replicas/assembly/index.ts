// Refuses workloads with more replicas than the settings allow: {"max_replicas": number}, 10 unless given.

import * as wapc from "./wapc";
import { member, wholeNumber } from "./json";

const USUAL_MAXIMUM: i64 = 10;

export function __guest_call(operationSize: i32, payloadSize: i32): bool {
  const request = wapc.request(operationSize, payloadSize);
  if (request.operation == "validate") return wapc.respond(validate(request.payload));
  if (request.operation == "validate_settings") return wapc.respond(validateSettings(request.payload));
  if (request.operation == "protocol_version") return wapc.respond('"v1"');
  return wapc.fail("unknown operation " + request.operation);
}

function validate(review: string): string {
  const object = member(member(review, "request"), "object");
  const replicas = wholeNumber(member(member(object, "spec"), "replicas"));
  const maximum = maximumOf(member(review, "settings"));
  if (replicas <= maximum) return '{"accepted":true}';
  return `{"accepted":false,"message":"${replicas} replicas are more than ${maximum}","code":422}`;
}

function maximumOf(settings: string): i64 {
  const given = member(settings, "max_replicas");
  return given.length == 0 ? USUAL_MAXIMUM : wholeNumber(given);
}

function validateSettings(settings: string): string {
  if (maximumOf(settings) > 0) return '{"valid":true}';
  return '{"valid":false,"message":"max_replicas must be a whole number above 0"}';
}
