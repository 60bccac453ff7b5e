/** The service that the gateway calls. Only the clients and the check of data endpoints may depend on it. */
export type KvsTarget =
  | {
      readonly backend: 'embedded'
      readonly endpoint: string
      /** Signs requests. Null when the server requires no signature. */
      readonly accessKey: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
    }
  | {
      readonly backend: 'aws'
      /** Overrides the control plane of the Region. */
      readonly endpoint: string | null
      /** Allowed hosts of data endpoints, including their subdomains. Null for AWS's suffixes and the host of `endpoint`. */
      readonly dataEndpointSuffixes: readonly string[] | null
    }
