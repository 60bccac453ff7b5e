/** Which Kinesis Video the gateway talks to. Nothing but the clients and the check of data endpoints may ask. */
export type KvsTarget =
  | {
      readonly backend: 'embedded'
      /** Where it listens. */
      readonly endpoint: string
      /** What requests are signed with. Null: the server asks for no signature. */
      readonly accessKey: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
    }
  | {
      readonly backend: 'aws'
      /** Another control plane than the Region's. */
      readonly endpoint: string | null
      /** Hosts that GetDataEndpoint may name, with all below them. Null: AWS's suffixes, and the host of `endpoint`. */
      readonly dataEndpointSuffixes: readonly string[] | null
    }
