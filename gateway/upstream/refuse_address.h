#pragma once
// config/address_rules.h asked with an address as Asio has it.

#include <boost/asio/ip/address.hpp>
#include <string_view>

#include "config/address_rules.h"

namespace tallygate {

inline std::string_view refuse_address(const boost::asio::ip::address& address,
                                       config::PrivateAddresses private_ones) {
  return address.is_v4() ? config::refuse_address(address.to_v4().to_bytes(), private_ones)
                         : config::refuse_address(address.to_v6().to_bytes(), private_ones);
}

}  // namespace tallygate
