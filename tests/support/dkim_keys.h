// DKIM keys: public keys for records in tests; nobody has the private ones.
#pragma once

#include <string_view>

namespace postwatch {

inline constexpr std::string_view kRsa512 =
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAOE2YGJno/TFV2EMobrNtx5L7anWp28PZRFXJJxi1xDJiCX3"
    "TEZPaRfwBxkW3qTY7ZV6Pz8TwnUBgTcALjl2I5UCAwEAAQ==";
inline constexpr std::string_view kRsa1024 =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCmkERlTCDdt4ASUC4ktQ6NnWDkLpkMZROytiLHkWkd"
    "E2S5/1ftHGiL14zJh5bI5v3WBVs1eCHX+6gzEWQPTIKLF3/r4o7qS/ITLDbyzgv2O1ZG6Ig0JMppAZtE"
    "IuzI3KfSUNcfT08r4MnTVww6nzBF0TVoDhmkBF1sP7V+E4+CXwIDAQAB";
inline constexpr std::string_view kRsa2048 =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArWyIHF3rpFwPeInQaavOxzL7yWu/Ga0xB7pV"
    "D3Cc43N3qA8lxPPUS6HvlAcxWTQ4GbutIBBPXWKmAqQlEs615Kx6yPgKvO2aSAJmr1QbzcdAD+bBVzfs"
    "jII4/uHMTjXH07EntgS+eoo5AbAv40brIjglYxGSJPcuj5BwA7Riq/H6LKF0h794mEfxyxKMjtsL6r1v"
    "+VjZhZ/RAqvlbVf1S9DbALs8ry9URJhyRQ6AW0VPOeOPB1n94xJU4f3mTvRIaPF7BoMNFo5ehjDbBnUa"
    "y9sdH5qSjhnGdtOfT6yg616XTPtE7Oy//CH3lbwO7kwF4uZkvH4vB03KwrsbUFYyNQIDAQAB";
// Without the SubjectPublicKeyInfo around it.
inline constexpr std::string_view kBareRsa1024 =
    "MIGJAoGBANe+8SgHW4zk8uhnPfLSzqpQid1gi2sBQlUoR+MlPpX+Zp491WmA5L0EvcJiKiGNlmlhFPSS"
    "dJGSA1b/vD9OcykX39GOBKJvC2QODgHQk+CNFHA1wXzl3h/ZH/DwkhwLkYFGfMGOUwKacw49Cy1IlYGX"
    "J1O2aCR4REgK0TYF4QznAgMBAAE=";
// Of RFC 8463 appendix A.2.
inline constexpr std::string_view kEd25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

}  // namespace postwatch
