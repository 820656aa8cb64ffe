// SPDX-License-Identifier: AGPL-3.0-or-later

declare module 'virtual:texts/*' {
  const texts: Record<string, string | Record<string, string>>;
  export default texts;
}
