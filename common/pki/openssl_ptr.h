// OpensslPtr: OpenSSL's objects with owners.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

#include "common/base/secret.h"

namespace postwatch {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, OpensslFree<X509_free>>;

// The first certificate or private key of a PEM text; null when there is none or it is longer than
// 1 MiB.
CertificatePtr ReadCertificate(std::string_view pem);
KeyPtr ReadPrivateKey(const Secret& pem);

// What OpenSSL last complained about; empties its queue.
std::string OpensslError();

}  // namespace postwatch
