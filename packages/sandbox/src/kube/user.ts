/** Who asks, as Kubernetes' `UserInfo`. */
export type UserInfo = {
  username: string
  uid?: string
  groups: readonly string[]
  extra: Readonly<Record<string, readonly string[]>>
}

/** What a client showed; the authenticators turn it into a user. */
export type Credentials = {
  bearerToken?: string
  /** Of a certificate that the client CA signed: its common name and organizations. */
  clientCertificate?: { commonName: string; organizations: readonly string[] }
}
