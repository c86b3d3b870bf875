# EmbedAssets: writes a .cc that defines FindAsset for the files of a folder. Run as a script:
#   cmake -DFOLDER=collector/web/assets -DOUTPUT=assets.cc -P EmbedAssets.cmake
file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/*)
set(rows "")
foreach(file ${files})
  file(READ ${FOLDER}/${file} body)
  get_filename_component(extension ${file} LAST_EXT)
  if(extension STREQUAL ".html")
    set(type "text/html; charset=utf-8")
  elseif(extension STREQUAL ".js")
    set(type "text/javascript; charset=utf-8")
  elseif(extension STREQUAL ".css")
    set(type "text/css; charset=utf-8")
  elseif(extension STREQUAL ".svg")
    set(type "image/svg+xml")
  else()
    message(FATAL_ERROR "no content type is known for ${file}")
  endif()
  set(path "/${file}")
  if(file STREQUAL "index.html")
    set(path "/")
  endif()
  string(APPEND rows "    {\"${path}\", \"${type}\", R\"asset(${body})asset\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"collector/web/assets.h\"

namespace postwatch::collector {
namespace {
constexpr Asset kAssets[] = {
${rows}};
}  // namespace

const Asset* FindAsset(std::string_view path) {
  for (const Asset& asset : kAssets) {
    if (asset.path == path) return &asset;
  }
  return nullptr;
}

}  // namespace postwatch::collector
")
