/** Whether a host, as `URL.hostname` writes it, is this machine: `localhost`, 127.0.0.0/8 or `::1`, and nothing that merely looks alike. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  )
}
