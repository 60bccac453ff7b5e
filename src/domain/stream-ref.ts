/** A stream as AWS takes it: by name or by ARN, already checked against AWS's patterns. */
export type StreamRef = { readonly name: string } | { readonly arn: string }
