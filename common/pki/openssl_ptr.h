// OpensslPtr: OpenSSL's objects with owners.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

// All certificates of a PEM text, in order, at most 1000 of them; none when the first cannot be
// read.
std::vector<CertificatePtr> ReadCertificates(std::string_view pem);

// As PEM; "" when there is no memory.
std::string ToPem(X509* certificate);

// All that was written to a memory BIO.
std::string TextOf(BIO* memory);

// What OpenSSL last complained about; empties its queue.
std::string OpensslError();

}  // namespace postwatch
