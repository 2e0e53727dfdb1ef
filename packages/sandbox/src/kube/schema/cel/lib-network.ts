import { Cidr, Ip, isCanonicalIp, parseCidr, parseIp } from './ip.ts'
import type { Environment } from './library.ts'
import { parseUrl, Url } from './url.ts'

class IpNamespace {}

/** Kubernetes' functions of IP addresses, networks and URLs. */
export function registerNetwork(environment: Environment): void {
  environment
    .registerType('net.IP', Ip)
    .registerType('net.CIDR', Cidr)
    .registerType('kubernetes.URL', Url)
    .registerType('IpNamespace', IpNamespace)
    .registerConstant('ip', 'IpNamespace', new IpNamespace())
    .registerOperator('net.IP == net.IP', (a: Ip, b: Ip) => a.equals(b))
    .registerOperator('net.CIDR == net.CIDR', (a: Cidr, b: Cidr) => a.equals(b))
    .registerOperator('kubernetes.URL == kubernetes.URL', (a: Url, b: Url) => a.equals(b))
  registerIp(environment)
  registerCidr(environment)
  registerUrl(environment)
}

function registerIp(environment: Environment): void {
  environment
    .registerFunction('isIP(string): bool', (text: string) => parseIp(text) !== undefined)
    .registerFunction('ip(string): net.IP', needIp)
    .registerFunction('string(net.IP): string', String)
    .registerFunction('IpNamespace.isCanonical(string): bool', (_: unknown, text: string) => isCanonicalIp(text))
    .registerFunction('net.IP.family(): int', (ip: Ip) => (ip.isV4 ? 4n : 6n))
    .registerFunction('net.IP.isUnspecified(): bool', (ip: Ip) => ip.isUnspecified)
    .registerFunction('net.IP.isLoopback(): bool', (ip: Ip) => ip.isLoopback)
    .registerFunction('net.IP.isLinkLocalMulticast(): bool', (ip: Ip) => ip.isLinkLocalMulticast)
    .registerFunction('net.IP.isLinkLocalUnicast(): bool', (ip: Ip) => ip.isLinkLocalUnicast)
    .registerFunction('net.IP.isGlobalUnicast(): bool', (ip: Ip) => ip.isGlobalUnicast)
}

function registerCidr(environment: Environment): void {
  environment
    .registerFunction('isCIDR(string): bool', (text: string) => parseCidr(text) !== undefined)
    .registerFunction('cidr(string): net.CIDR', needCidr)
    .registerFunction('string(net.CIDR): string', String)
    .registerFunction('net.CIDR.containsIP(string): bool', (cidr: Cidr, ip: string) => cidr.containsIp(needIp(ip)))
    .registerFunction('net.CIDR.containsIP(net.IP): bool', (cidr: Cidr, ip: Ip) => cidr.containsIp(ip))
    .registerFunction('net.CIDR.containsCIDR(string): bool', (cidr: Cidr, other: string) =>
      cidr.contains(needCidr(other)),
    )
    .registerFunction('net.CIDR.containsCIDR(net.CIDR): bool', (cidr: Cidr, other: Cidr) => cidr.contains(other))
    .registerFunction('net.CIDR.ip(): net.IP', (cidr: Cidr) => cidr.ip)
    .registerFunction('net.CIDR.masked(): net.CIDR', (cidr: Cidr) => cidr.masked())
    .registerFunction('net.CIDR.prefixLength(): int', (cidr: Cidr) => BigInt(cidr.prefix))
}

function registerUrl(environment: Environment): void {
  environment
    .registerFunction('isURL(string): bool', (text: string) => parseUrl(text) !== undefined)
    .registerFunction('url(string): kubernetes.URL', (text: string) => {
      const url = parseUrl(text)
      if (url === undefined)
        throw new Error(`URL parse error during conversion from string: parse "${text}": invalid URI for request`)
      return url
    })
    .registerFunction('kubernetes.URL.getScheme(): string', (url: Url) => url.scheme)
    .registerFunction('kubernetes.URL.getHost(): string', (url: Url) => url.host)
    .registerFunction('kubernetes.URL.getHostname(): string', (url: Url) => url.hostname)
    .registerFunction('kubernetes.URL.getPort(): string', (url: Url) => url.port)
    .registerFunction('kubernetes.URL.getEscapedPath(): string', (url: Url) => url.path)
    .registerFunction('kubernetes.URL.getQuery(): map<string, list<string>>', (url: Url) => url.query)
}

function needIp(text: string): Ip {
  const ip = parseIp(text)
  if (ip === undefined) throw new Error(`IP Address "${text}" parse error during conversion from string`)
  return ip
}

function needCidr(text: string): Cidr {
  const cidr = parseCidr(text)
  if (cidr === undefined)
    throw new Error(`network address parse error during conversion from string: invalid CIDR "${text}"`)
  return cidr
}
