/**
 * The nodes on the hosts that SRV records name. A Service with several ports has a record of each host for each port; a record
 * with the host `.` says that there is none (RFC 2782). DNS knows no case, node names do: a pod's host name is in lower case.
 */
export function nodesOfHosts(hosts: readonly string[], basename: string): string[] {
  const names = hosts.map((host) => host.replace(/\.$/, '').toLowerCase()).filter((host) => host !== '')
  return [...new Set(names)].map((host) => `${basename}@${host}`)
}
